// Calls of the server. A drawing is never given up: what can be tried again is tried until the server has it.

export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

class Away extends Error {}

export async function call(name, content = {}) {
  let response;
  let answer;
  try {
    response = await fetch(name, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(content),
    });
    answer = await response.json();
  } catch {
    throw new Away('the server does not answer');
  }
  if (response.ok) return answer;
  if (response.status >= 500) throw new Away(answer.message);
  throw new Refused(answer.error, answer.message);
}

const LONGEST_PAUSE = 10_000;

// Until the server answers; `onwait` hears of every failure, and of the end of the trouble with null.
export async function persistently(name, content, onwait) {
  for (let pause = 500; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      const answer = await call(name, content);
      onwait(null);
      return answer;
    } catch (error) {
      if (!(error instanceof Away)) {
        onwait(null);
        throw error;
      }
      onwait(error.message);
      await aMoment(pause);
    }
  }
}

// Some milliseconds, or less when the browser says that it is online again.
function aMoment(pause) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, pause);
    function done() {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      resolve();
    }
    window.addEventListener('online', done);
  });
}

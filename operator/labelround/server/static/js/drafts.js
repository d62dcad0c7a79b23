// Drawings that are not saved yet, in this browser: a closed page, a lost lease or a dead server costs none.

const PREFIX = 'labelround draft ';

export function keep(key, boxes) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(boxes));
  } catch {
    // No room, or storage is switched off: the drawing is still on the page.
  }
}

// The kept drawing, if its labels are still those of the job; null without one.
export function kept(key, labels) {
  try {
    const boxes = JSON.parse(localStorage.getItem(PREFIX + key));
    return Array.isArray(boxes) && boxes.every((box) => labels.includes(box.label)) ? boxes : null;
  } catch {
    return null;
  }
}

export function holds(key) {
  try {
    return localStorage.getItem(PREFIX + key) !== null;
  } catch {
    return false;
  }
}

export function drop(key) {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing was kept then.
  }
}

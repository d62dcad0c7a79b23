// Keys to actions. Keys of text fields and of dialogs stay theirs, and Enter presses the button that has the focus.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SLOW_REPEATS = 8;
const FAST = 10;

export function listenToKeys(actions) {
  let repeats = 0;
  window.addEventListener('keydown', (event) => {
    repeats = event.repeat ? repeats + 1 : 0;
    if (handled(event, actions, repeats > SLOW_REPEATS ? FAST : 1)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, { capture: true });
}

function handled(event, actions, step) {
  const { key, target } = event;
  if (target.closest?.('input, textarea, dialog') || document.querySelector('dialog[open]')) return false;
  const name = key.length === 1 ? key.toLowerCase() : key;
  if (event.ctrlKey || event.metaKey) return controlled(name, event.shiftKey, actions);
  if (event.altKey) return false;
  if (ARROWS[key]) {
    const [x, y] = ARROWS[key].map((way) => way * step);
    return event.shiftKey ? actions.resize(x, y) : actions.move(x, y);
  }
  if (name === 'Enter') return !target.closest('button, summary') && actions.save();
  if (/^[1-9]$/.test(name)) return actions.label(Number(name) - 1);
  const action = {
    0: actions.none, n: actions.add, z: actions.undo, y: actions.redo, x: actions.decline, b: actions.back,
    f: actions.fit, c: actions.hairs, '/': actions.search, '+': actions.closer, '=': actions.closer,
    '-': actions.farther, '?': actions.keys, '[': actions.before, ']': actions.after,
    Delete: actions.remove, Backspace: actions.remove, Escape: actions.deselect,
  }[name];
  return action ? action() : false;
}

function controlled(name, isShift, actions) {
  if (name === 'z') return isShift ? actions.redo() : actions.undo();
  return name === 'y' ? actions.redo() : false;
}

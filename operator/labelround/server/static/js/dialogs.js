// The two dialogs: declining a picture, and the keys.

import { find, made } from './dom.js';

const REASONS = ['The picture is blurred', 'The picture is too dark', 'The picture is of something else', 'It is unclear what to draw'];

const KEYS = [
  ['Drag', 'draw a box; with Shift also inside the selected one'],
  ['Click a box', 'select it; drag it or its edges'],
  ['1 … 9', 'choose a label, and give it to the selected box'],
  ['/', 'find a label'],
  ['N', 'add a box in the middle of what is seen'],
  ['Arrows', 'move the selected box; held down, faster'],
  ['Shift + arrows', 'make it larger or smaller'],
  ['[ and ]', 'select the box before, the box after'],
  ['Delete', 'delete the selected box'],
  ['Escape', 'select no box'],
  ['Z, Y', 'undo, redo'],
  ['Enter', 'save and go on'],
  ['0', 'there is no object in the picture'],
  ['X', 'decline the picture'],
  ['B', 'go back to the last answer'],
  ['Wheel, + and −', 'zoom'],
  ['F', 'see the whole picture'],
  ['Space + drag, middle button', 'move the picture'],
  ['C', 'cross hairs on or off'],
];

// The reason for declining; null when the worker thinks better of it.
export function askReason() {
  const [dialog, input] = [find('decline-dialog'), find('reason')];
  find('reasons').replaceChildren(...REASONS.map((text) => {
    const button = made('button', text, { type: 'button' });
    button.addEventListener('click', () => { input.value = text; input.focus(); });
    return button;
  }));
  input.value = '';
  dialog.returnValue = '';
  dialog.showModal();
  input.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      const reason = input.value.trim();
      resolve(dialog.returnValue === 'decline' && reason ? reason : null);
    }, { once: true });
  });
}

export function showKeys() {
  find('key-list').replaceChildren(...KEYS.flatMap(([key, what]) => {
    const term = made('dt');
    term.append(made('kbd', key));
    return [term, made('dd', what)];
  }));
  find('keys-dialog').showModal();
}

const THEME = 'labelround theme';

// Dark or light: what the worker chose, or else what the system says.
export function setUpTheme() {
  let chosen = null;
  try { chosen = localStorage.getItem(THEME); } catch { /* storage is switched off */ }
  const dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const set = (isDark) => { document.documentElement.dataset.theme = isDark ? 'dark' : 'light'; };
  set(dark);
  find('theme').addEventListener('click', () => {
    const isDark = document.documentElement.dataset.theme !== 'dark';
    set(isDark);
    try { localStorage.setItem(THEME, isDark ? 'dark' : 'light'); } catch { /* it holds for this page then */ }
  });
}

// The boxes and the last answers as lists, for whoever works with keys or hears the page.

import { find, made } from './dom.js';

const told = ({ label, left, top, width, height }) => `${label}, ${width} × ${height} at ${left}, ${top}`;

export function showBoxes(boxes, selected, labels, { onselect, onremove }) {
  const list = find('boxes');
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.box : null;
  list.replaceChildren(...boxes.map((box) => {
    const item = made('li');
    const choose = made('button', '', { type: 'button', 'aria-pressed': String(box.id === selected), 'data-box': box.id });
    const remove = made('button', '×', { type: 'button', 'aria-label': `Delete ${told(box)}` });
    choose.append(labels.swatch(box.label), made('span', told(box)));
    choose.addEventListener('click', () => onselect(box.id));
    remove.addEventListener('click', () => onremove(box.id));
    item.append(choose, remove);
    return item;
  }));
  find('boxes-title').textContent = `Boxes: ${boxes.length}`;
  if (focused) [...list.querySelectorAll('[data-box]')].find((one) => one.dataset.box === focused)?.focus();
}

// `isChanged` tells of an answer whether the browser keeps another drawing than was saved.
export function showEarlier(answers, current, isChanged, onopen) {
  const others = answers.filter((answer) => answer.lease !== current);
  find('earlier-part').hidden = !others.length;
  find('earlier').replaceChildren(...others.map((answer, place) => {
    const what = answer.declined ? 'declined' : answer.boxes === 1 ? '1 box' : `${answer.boxes} boxes`;
    const item = made('li');
    const button = made('button', `${answer.name}: ${what}${isChanged(answer) ? ', changed but not saved' : ''}`, { type: 'button' });
    if (place === 0) button.append(made('kbd', 'B'));
    button.addEventListener('click', () => onopen(answer));
    item.append(button);
    return item;
  }));
  return others;
}

const ELEMENTS = { heading: 'h3', text: 'p', item: 'p', example: 'p' };

export function showInstructions({ header, short, full }, title) {
  const paragraphs = (blocks) => blocks.map(({ kind, text }) => (
    made(ELEMENTS[kind] ?? 'p', kind === 'item' ? `• ${text}` : text, kind === 'example' ? { class: 'example' } : {})
  ));
  find('short').replaceChildren(...(header && header !== title ? [made('p', header)] : []), ...paragraphs(short));
  find('full').replaceChildren(...paragraphs(full));
  find('more').hidden = !full.length;
}

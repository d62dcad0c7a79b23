// The labels of the job: one is chosen for the next box, by click, by a key from 1 to 9 or by searching.

import { find, made } from './dom.js';

const COLOURS = ['#ffd400', '#00d9f5', '#ff8ad8', '#7dff6b', '#ffa94d', '#b79bff', '#ff8379', '#5ad1a5', '#c4e000', '#9ecbff'];

export class Labels {
  constructor(onchoose) {
    Object.assign(this, { onchoose, names: [], chosen: '' });
    this.search = find('search');
    this.search.addEventListener('input', () => this.#draw());
    this.search.addEventListener('keydown', (event) => this.#typed(event));
  }

  show(names) {
    if (names.join('\n') !== this.names.join('\n')) this.chosen = names[0];
    this.names = names;
    this.search.hidden = names.length < 10;
    this.search.value = '';
    this.#draw();
  }

  colour(name) { return COLOURS[Math.max(0, this.names.indexOf(name)) % COLOURS.length]; }

  choose(name) {
    if (!name) return;
    this.chosen = name;
    this.#draw();
    this.onchoose(name);
  }

  mark(name) {
    this.chosen = name;
    this.#draw();
  }

  #found() {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    return this.names.filter((name) => name.toLocaleLowerCase().includes(wanted));
  }

  #draw() {
    const buttons = this.#found().map((name) => {
      const button = made('button', '', { type: 'button', 'aria-pressed': String(name === this.chosen) });
      const place = this.names.indexOf(name);
      button.append(this.swatch(name), made('span', name));
      if (place < 9) button.append(made('kbd', String(place + 1)));
      button.addEventListener('click', () => this.choose(name));
      return button;
    });
    find('labels').replaceChildren(...buttons);
  }

  swatch(name) {
    const mark = made('i', '', { class: 'colour' });
    mark.style.setProperty('--label', this.colour(name));
    return mark;
  }

  // Enter takes the first label that is found; Escape leaves the search.
  #typed(event) {
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    const [first] = this.#found();
    this.search.value = '';
    if (event.key === 'Enter' && first) this.choose(first);
    this.#draw();
    find('viewer').focus();
  }
}

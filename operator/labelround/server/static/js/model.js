// The boxes of one picture, in whole pixels of the stored raster, with every step back and forth.

const within = (value, low, high) => Math.min(Math.max(value, low), high);

// The box with its edges at whole pixels inside the picture, at least one pixel wide and high.
export function fitted({ left, top, width, height }, size) {
  const [x, y] = [within(Math.round(left), 0, size.width - 1), within(Math.round(top), 0, size.height - 1)];
  const right = within(Math.round(left + width), x + 1, size.width);
  const bottom = within(Math.round(top + height), y + 1, size.height);
  return { left: x, top: y, width: right - x, height: bottom - y };
}

// The box moved as far as the picture goes, with its size kept.
export function moved(box, dx, dy, size) {
  const left = within(box.left + dx, 0, size.width - box.width);
  const top = within(box.top + dy, 0, size.height - box.height);
  return { ...box, left, top };
}

const EDGES = ['left', 'top', 'width', 'height'];
const same = (one, other) => one.label === other.label && EDGES.every((edge) => one[edge] === other[edge]);

export class Boxes {
  #past = [];
  #future = [];

  constructor(size, boxes, onchange) {
    this.size = size;
    this.list = boxes.map((box) => ({ id: crypto.randomUUID(), ...box }));
    this.onchange = onchange;
  }

  find(id) { return this.list.find((box) => box.id === id); }
  get canUndo() { return this.#past.length > 0; }
  get canRedo() { return this.#future.length > 0; }

  add(box) { this.#step([...this.list, box]); }
  remove(id) { this.#step(this.list.filter((box) => box.id !== id)); }

  change(id, values) {
    const before = this.find(id);
    const after = { ...before, ...values };
    if (before && !same(before, after)) this.#step(this.list.map((box) => (box.id === id ? after : box)));
  }

  undo() { this.#travel(this.#past, this.#future); }
  redo() { this.#travel(this.#future, this.#past); }

  // What the server keeps.
  answer() { return this.list.map(({ label, left, top, width, height }) => ({ label, left, top, width, height })); }

  // Whether it would be the same answer.
  isLike(boxes) { return boxes.length === this.list.length && boxes.every((box, place) => same(box, this.list[place])); }

  #step(list) {
    this.#past.push(this.list);
    this.#future = [];
    this.list = list;
    this.onchange();
  }

  #travel(from, to) {
    if (!from.length) return;
    to.push(this.list);
    this.list = from.pop();
    this.onchange();
  }
}

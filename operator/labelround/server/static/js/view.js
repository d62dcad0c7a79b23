// Zoom and panning. The picture is laid out at whole pixels and scrolled; nothing is transformed, so that a place on the
// screen is a place in the picture by one division.

const MARGIN = 24;
const LARGEST = 32;
const NEAR = 3; // from here on pixels are shown as they are, not smoothed

export class View {
  constructor(viewer, canvas, image) {
    Object.assign(this, { viewer, canvas, image, size: { width: 1, height: 1 }, scale: 1, isFitted: true });
    viewer.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    viewer.addEventListener('pointerdown', (event) => this.#pan(event), { capture: true });
    window.addEventListener('keydown', (event) => this.#space(event, true));
    window.addEventListener('keyup', (event) => this.#space(event, false));
    new ResizeObserver(() => (this.isFitted ? this.fit() : this.#lay())).observe(viewer);
  }

  show(size) {
    this.size = size;
    this.fit();
  }

  // The scale at which the whole picture is seen.
  get whole() {
    const room = (side) => Math.max(side - 2 * MARGIN, 16);
    return Math.min(room(this.viewer.clientWidth) / this.size.width, room(this.viewer.clientHeight) / this.size.height);
  }

  fit() {
    this.scale = Math.min(this.whole, LARGEST);
    this.isFitted = true;
    this.#lay();
    this.viewer.scrollTo(0, 0);
  }

  // Zoom so that the point of the picture at (x, y) of the window stays there; without a point, the middle of the view.
  zoom(factor, x, y) {
    const frame = this.viewer.getBoundingClientRect();
    const [px, py] = [x ?? frame.left + frame.width / 2, y ?? frame.top + frame.height / 2];
    const before = this.image.getBoundingClientRect();
    const [fx, fy] = [(px - before.left) / before.width, (py - before.top) / before.height];
    this.scale = Math.min(Math.max(this.scale * factor, Math.min(this.whole, 1) / 2), LARGEST);
    this.isFitted = false;
    this.#lay();
    const after = this.image.getBoundingClientRect();
    this.viewer.scrollLeft += Math.round(after.left + fx * after.width - px);
    this.viewer.scrollTop += Math.round(after.top + fy * after.height - py);
  }

  // The part of the picture that is seen, in its pixels.
  seen() {
    const frame = this.viewer.getBoundingClientRect();
    const picture = this.image.getBoundingClientRect();
    const [sx, sy] = [this.size.width / picture.width, this.size.height / picture.height];
    const left = Math.max(0, (frame.left - picture.left) * sx);
    const top = Math.max(0, (frame.top - picture.top) * sy);
    const right = Math.min(this.size.width, (frame.right - picture.left) * sx);
    const bottom = Math.min(this.size.height, (frame.bottom - picture.top) * sy);
    return { left, top, width: Math.max(right - left, 1), height: Math.max(bottom - top, 1) };
  }

  #lay() {
    const width = Math.max(1, Math.round(this.size.width * this.scale));
    const height = Math.max(1, Math.round(this.size.height * this.scale));
    const beside = (room, side) => Math.max(MARGIN, Math.floor((room - side) / 2));
    this.canvas.style.padding = `${beside(this.viewer.clientHeight, height)}px ${beside(this.viewer.clientWidth, width)}px`;
    this.image.style.width = `${width}px`;
    this.image.style.height = `${height}px`;
    this.image.classList.toggle('near', this.scale >= NEAR);
  }

  #wheel(event) {
    if (event.shiftKey) return;
    event.preventDefault();
    this.zoom(Math.exp(-Math.max(-300, Math.min(300, event.deltaY)) / 400), event.clientX, event.clientY);
  }

  #space(event, down) {
    if (event.code !== 'Space' || event.target.closest('button, input, summary, dialog')) return;
    event.preventDefault();
    this.isSpaceDown = down;
  }

  // The middle button, or the space bar held down, drags the picture.
  #pan(event) {
    if (event.button !== 1 && !(event.button === 0 && this.isSpaceDown)) return;
    event.preventDefault();
    event.stopPropagation();
    const { viewer } = this;
    let [x, y] = [event.clientX, event.clientY];
    const move = (moving) => {
      viewer.scrollLeft -= moving.clientX - x;
      viewer.scrollTop -= moving.clientY - y;
      [x, y] = [moving.clientX, moving.clientY];
      moving.stopPropagation();
    };
    const end = (ending) => {
      ending.stopPropagation();
      viewer.classList.remove('panning');
      window.removeEventListener('pointermove', move, true);
      window.removeEventListener('pointerup', end, true);
      window.removeEventListener('pointercancel', end, true);
    };
    viewer.classList.add('panning');
    window.addEventListener('pointermove', move, true);
    window.addEventListener('pointerup', end, true);
    window.addEventListener('pointercancel', end, true);
  }
}

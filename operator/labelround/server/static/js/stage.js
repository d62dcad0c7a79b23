// The picture with its boxes: Annotorious draws, moves and resizes rectangles; what the boxes are, the model says.

import { fitted } from './model.js';

const { createImageAnnotator } = globalThis.Annotorious; // its script has run before this module

const annotation = ({ id, left, top, width, height }) => ({
  id,
  bodies: [],
  target: {
    annotation: id,
    selector: {
      type: 'RECTANGLE',
      geometry: {
        x: left, y: top, w: width, h: height, rot: 0,
        bounds: { minX: left, minY: top, maxX: left + width, maxY: top + height },
      },
    },
  },
});

const edges = ({ target }) => {
  const { x, y, w, h } = target.selector.geometry;
  return { left: x, top: y, width: w, height: h };
};

export class Stage {
  // `hears` has `drawn(id, box)`, `changed(id, box)` and `selected(id)`.
  constructor(image, hears) {
    Object.assign(this, { image, hears, size: null, annotator: null, isPressed: false });
    window.addEventListener('pointerup', () => this.#released(), true);
    window.addEventListener('pointercancel', () => this.#released(), true);
    for (const name of ['keydown', 'keyup', 'pointerdown']) {
      window.addEventListener(name, (event) => this.#through(event.shiftKey), true);
    }
  }

  // Shows a picture. Throws when the browser does not see the stored raster: boxes would lie elsewhere.
  async show(source, size) {
    this.clear();
    this.image.src = source;
    await this.image.decode();
    if (this.image.naturalWidth !== size.width || this.image.naturalHeight !== size.height) {
      const seen = `${this.image.naturalWidth} x ${this.image.naturalHeight}`;
      throw new Error(`the browser shows ${seen} pixels of a picture of ${size.width} x ${size.height}`);
    }
    this.size = size;
    this.annotator = createImageAnnotator(this.image, { drawingEnabled: true, theme: 'light' });
    const layer = this.annotator.element.querySelector('svg');
    layer.setAttribute('aria-label', 'Picture with its boxes');
    layer.setAttribute('tabindex', '-1');
    // Handles are for the mouse; keys move and resize boxes otherwise, and a nameless button helps nobody.
    new MutationObserver(() => {
      for (const handle of layer.querySelectorAll('[role=button]')) {
        handle.removeAttribute('role');
        handle.removeAttribute('tabindex');
      }
    }).observe(layer, { childList: true, subtree: true });
    this.tags = document.createElement('div');
    this.tags.id = 'tags';
    this.annotator.element.insertBefore(this.tags, layer);
    this.annotator.element.addEventListener('pointerdown', (event) => this.#pressed(event), { capture: true });
  }

  clear() {
    this.annotator?.destroy();
    this.tags?.remove();
    this.annotator = this.tags = null;
    this.image.removeAttribute('src');
  }

  // Shows the boxes as the model has them. `colour` gives a label's colour.
  draw(boxes, selected, colour) {
    if (!this.annotator) return;
    this.annotator.cancelSelected();
    this.annotator.setAnnotations(boxes.map(annotation), true);
    if (selected) this.annotator.setSelected(selected, true);
    this.tags.replaceChildren(...boxes.map((box) => this.#tag(box, box.id === selected, colour(box.label))));
  }

  #tag(box, isSelected, colour) {
    const frame = document.createElement('div');
    const name = document.createElement('span');
    const share = (part, whole) => `${(100 * part) / whole}%`;
    name.textContent = box.label;
    frame.append(name);
    frame.style.setProperty('--label', colour);
    frame.style.left = share(box.left, this.size.width);
    frame.style.top = share(box.top, this.size.height);
    frame.style.width = share(box.width, this.size.width);
    frame.style.height = share(box.height, this.size.height);
    frame.classList.toggle('selected', isSelected);
    frame.classList.toggle('low', box.top === 0);
    return frame;
  }

  // With Shift down the mouse reaches through the selected box, to draw inside it.
  #through(isShift) { this.image.closest('#canvas').classList.toggle('through', isShift); }

  // With a box selected Annotorious takes a press elsewhere for deselecting alone, and the box that is drawn with it
  // would be lost. So the selection goes first.
  #pressed(event) {
    if (event.button !== 0) return;
    this.isPressed = true;
    const isOnSelected = event.target.closest('.a9s-annotation.selected');
    if (isOnSelected) return;
    if (this.annotator.getSelected().length) this.annotator.cancelSelected();
    this.annotator.element.querySelector('svg').setPointerCapture(event.pointerId); // a box may end beyond the picture
  }

  // When Annotorious is done with a gesture, tell what it came to.
  #released() {
    if (!this.isPressed) return;
    this.isPressed = false;
    setTimeout(() => {
      if (!this.annotator) return;
      const selected = this.annotator.getSelected()[0]?.id ?? null;
      for (const one of this.annotator.getAnnotations()) {
        const box = fitted(edges(one), this.size);
        if (!this.hears.known(one.id)) return this.hears.drawn(one.id, box);
        if (this.hears.changed(one.id, box)) return;
      }
      this.hears.selected(selected);
    });
  }
}

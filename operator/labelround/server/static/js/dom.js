// Elements by id, and new ones. Texts go in as text, never as HTML.

export const find = (id) => document.getElementById(id);

export function made(name, text = '', attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  return element;
}

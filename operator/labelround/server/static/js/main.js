// The page: gets a picture, lets the worker draw, saves, and gets the next.

import { call, persistently, Refused } from './api.js';
import { askReason, setUpTheme, showKeys } from './dialogs.js';
import { find } from './dom.js';
import * as drafts from './drafts.js';
import { listenToKeys } from './keys.js';
import { Labels } from './labels.js';
import { showBoxes, showEarlier, showInstructions } from './lists.js';
import { Boxes, fitted, moved } from './model.js';
import { Stage } from './stage.js';
import { View } from './view.js';

const LOOK_AGAIN = 2000;
const SAY_AGAIN = 60_000;

let task = null;
let boxes = null;
let selected = null;
let earlier = [];
let progress = [];
let isBusy = false;
let isOver = false;
let saidSo = 0;

const image = find('picture');
const view = new View(find('viewer'), find('canvas'), image);
const labels = new Labels((name) => {
  if (selected) boxes.change(selected, { label: name });
});
const stage = new Stage(image, {
  known: (id) => Boolean(boxes.find(id)),
  drawn(id, box) {
    selected = id;
    boxes.add({ id, label: labels.chosen, ...box });
  },
  changed(id, box) {
    const before = boxes.list;
    boxes.change(id, box);
    return boxes.list !== before;
  },
  selected: select,
});

function select(id) {
  selected = id;
  if (id) labels.mark(boxes.find(id).label);
  draw();
}

function draw() {
  if (selected && !boxes.find(selected)) selected = null;
  stage.draw(boxes.list, selected, (name) => labels.colour(name));
  showBoxes(boxes.list, selected, labels, { onselect: select, onremove: (id) => boxes.remove(id) });
  find('undo').disabled = !boxes.canUndo;
  find('redo').disabled = !boxes.canRedo;
}

function changed() {
  if (boxes.isLike(task.boxes ?? [])) drafts.drop(task.draft);
  else drafts.keep(task.draft, boxes.answer());
  stay();
  draw();
}

const wasAnswered = ({ boxes: saved, declined }) => saved !== null || Boolean(declined);

// Tells the server now and then that an earlier answer is being changed, so that it is not final meanwhile.
function stay() {
  if (!wasAnswered(task) || Date.now() - saidSo < SAY_AGAIN) return;
  saidSo = Date.now();
  call('back', { lease: task.lease }).catch(() => {}); // saving tells what is the matter
}

const say = (text) => { find('told').textContent = text; };

function trouble(text) {
  find('trouble').hidden = !text;
  find('trouble').textContent = text ?? '';
}

const waiting = (message) => trouble(message && `Not saved yet: ${message}. Your drawing is kept; this page tries again by itself.`);

// Runs one thing at a time; whatever the server refuses is told.
async function alone(work) {
  if (isBusy) return;
  isBusy = true;
  document.querySelector('main').inert = true; // what is drawn while an answer is on its way would not be in it
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    trouble(error.message);
    if (error.code === 'Lost' || error.code === 'Finished') await next().then(() => trouble(`${error.message}. Here is another picture.`));
  } finally {
    isBusy = false;
    document.querySelector('main').inert = false;
    if (task) find('viewer').focus({ preventScroll: true });
  }
}

async function next(told = '') {
  const found = await persistently('next', {}, (message) => trouble(message && `${message}; this page tries again by itself.`));
  earlier = found.earlier;
  find('who').textContent = found.worker;
  showProgress(found.progress);
  if (found.task) await open(found.task, told);
  else rest(told);
}

async function open(found, told = '') {
  task = found;
  saidSo = Date.now();
  selected = null;
  boxes = new Boxes(found, drafts.kept(found.draft, found.labels) ?? found.boxes ?? [], changed);
  rests(false);
  find('title').textContent = found.title;
  find('name').textContent = found.name;
  document.title = `${found.name} – ${found.title}`;
  labels.show(found.labels);
  showInstructions(found.instructions, found.title);
  earlier = showEarlier(earlier, found.lease, hasDraft, openEarlier);
  stage.clear();
  view.show(found);
  enable(true);
  draw();
  try {
    await showPicture(found);
    draw();
    say(`${told}${found.name} is open`);
  } catch (error) {
    enable(false);
    find('decline').disabled = false;
    trouble(`The picture cannot be shown: ${error.message}. Decline it, or load this page again.`);
  }
}

// The picture itself; when it does not come, once more as soon as the server answers again.
async function showPicture(found) {
  const source = `pictures/${found.lease}`;
  try {
    await stage.show(source, found);
  } catch {
    await persistently('next', {}, (message) => trouble(message && `The picture is on its way: ${message}.`));
    await stage.show(source, found);
  }
}

function rests(isIdle) {
  for (const id of ['viewer', 'labels-part', 'boxes-part', 'answer-part', 'instructions-part']) find(id).hidden = isIdle;
  find('idle').hidden = !isIdle;
}

// No picture to label: for now, or for good.
function rest(told = '') {
  const wasAtWork = task !== null || told !== '';
  task = null;
  stage.clear();
  rests(true);
  enable(false);
  find('name').textContent = '';
  earlier = showEarlier(earlier, null, hasDraft, openEarlier);
  const isDone = progress.length > 0 && progress.every(({ done, total }) => done >= total);
  isOver = isDone || (isOver && !progress.length);
  find('idle-title').textContent = isOver ? 'All pictures are answered' : 'There is no picture for you now';
  find('idle-text').textContent = isOver
    ? 'Everything is saved. You can go back to your last answers for a moment, or finish now; then close this page.'
    : 'This page looks again by itself.';
  find('finish').hidden = !isDone;
  if (wasAtWork) say(`${told}${find('idle-title').textContent}`);
  setTimeout(lookAgain, LOOK_AGAIN);
}

async function lookAgain() {
  if (task || isBusy) return;
  try {
    const found = await call('next');
    trouble(null);
    if (task || isBusy) return;
    earlier = found.earlier;
    showProgress(found.progress);
    if (found.task) await alone(() => open(found.task));
    else rest();
  } catch (error) {
    if (error instanceof Refused) return void trouble(error.message);
    if (isOver) return ended();
    trouble(`${error.message}; this page tries again by itself.`);
    setTimeout(lookAgain, LOOK_AGAIN);
  }
}

function ended() {
  trouble(null);
  find('finish').hidden = true;
  find('earlier-part').hidden = true;
  find('idle-title').textContent = 'Done';
  find('idle-text').textContent = 'Everything is saved, and labelround has ended. You can close this page.';
}

function showProgress(found) {
  progress = found;
  const sum = (name) => found.reduce((all, job) => all + job[name], 0);
  find('progress').textContent = found.length ? `${sum('done')} of ${sum('total')} pictures, ${sum('mine')} by you` : '';
  find('bar').max = Math.max(1, sum('total'));
  find('bar').value = sum('done');
}

function enable(isOn) {
  for (const id of ['add', 'undo', 'redo', 'save', 'none', 'decline']) find(id).disabled = !isOn;
}

// A call about one picture. What is drawn on it is kept until it is saved, or can never be.
async function about({ lease, draft }, name, content = {}) {
  try {
    const answer = await persistently(name, { lease, ...content }, waiting);
    if (name !== 'back') drafts.drop(draft);
    trouble(null);
    return answer;
  } catch (error) {
    if (error.code === 'Finished') drafts.drop(draft);
    throw error;
  }
}

const settle = (name, content, told) => alone(async () => {
  await about(task, name, content);
  await next(`${told}. `);
});

function save() {
  if (!task || find('save').disabled) return;
  if (!boxes.list.length) return say('There is no box yet; press 0 when there is no object in the picture');
  settle('answer', { boxes: boxes.answer() }, 'Saved');
}

function none() {
  if (!task || find('none').disabled) return;
  if (boxes.list.length) return say('There are boxes; delete them before you say that there is no object');
  settle('answer', { boxes: [] }, 'Saved: no object');
}

async function decline() {
  if (!task || isBusy) return;
  const reason = await askReason();
  if (reason) settle('decline', { reason }, 'Declined');
}

const hasDraft = ({ draft }) => drafts.holds(draft);

// Goes back to an earlier answer. What was changed in another one is saved before; a drawing without an answer is kept.
const openEarlier = (answer) => alone(async () => {
  let told = '';
  if (task && !boxes.isLike(task.boxes ?? [])) {
    if (wasAnswered(task)) {
      if (!boxes.list.length) return say('There is no box left; press 0 when there is no object in the picture, or Z to undo');
      await about(task, 'answer', { boxes: boxes.answer() });
      told = 'Saved. ';
    } else {
      told = `What you drew on ${task.name} is kept, and not saved yet. `;
    }
  }
  const found = await about(answer, 'back');
  earlier = earlier.filter(({ lease }) => lease !== answer.lease);
  showProgress(found.progress);
  await open(found.task, `${told}Back: `);
});

const finish = () => alone(async () => {
  const changed = earlier.find(hasDraft);
  if (changed) return say(`${changed.name} is changed but not saved; go back to it and press Enter`);
  await persistently('finish', {}, waiting);
  find('finish').hidden = true;
  find('idle-text').textContent = 'Everything is saved; the dataset is being made.';
  setTimeout(lookAgain, LOOK_AGAIN);
});

// A box in the middle of what is seen, for whoever draws with keys.
function add() {
  const { left, top, width, height } = view.seen();
  const box = fitted({ left: left + width / 3, top: top + height / 3, width: width / 3, height: height / 3 }, task);
  selected = crypto.randomUUID();
  boxes.add({ id: selected, label: labels.chosen, ...box });
  say(`Added ${labels.chosen}; move it with the arrow keys, and with Shift change its size`);
}

function step(way) {
  if (!boxes.list.length) return;
  const place = boxes.list.findIndex((box) => box.id === selected);
  const { length } = boxes.list;
  select(boxes.list[place < 0 ? (way > 0 ? 0 : length - 1) : (place + way + length) % length].id);
  const box = boxes.find(selected);
  say(`${box.label}, ${box.width} × ${box.height} at ${box.left}, ${box.top}`);
}

function resize(x, y) {
  const box = boxes.find(selected);
  boxes.change(selected, fitted({ ...box, width: Math.max(1, box.width + x), height: Math.max(1, box.height + y) }, task));
}

// What a key does only while there is a picture, or a selected box; true when it was for the page.
const drawing = (act) => (...values) => {
  if (!task || isBusy || find('save').disabled) return false;
  act(...values);
  return true;
};
const selecting = (act) => (...values) => Boolean(selected) && drawing(act)(...values);
const always = (act) => () => { act(); return true; };

const undo = drawing(() => boxes.undo());
const redo = drawing(() => boxes.redo());

listenToKeys({
  move: selecting((x, y) => boxes.change(selected, moved(boxes.find(selected), x, y, task))),
  resize: selecting(resize),
  remove: selecting(() => boxes.remove(selected)),
  deselect: selecting(() => select(null)),
  label: drawing((place) => labels.choose(task.labels[place])),
  search: drawing(() => !find('search').hidden && find('search').focus()),
  add: drawing(add),
  before: drawing(() => step(-1)),
  after: drawing(() => step(1)),
  undo,
  redo,
  save: drawing(save),
  none: drawing(none),
  decline: always(decline),
  back: always(() => earlier[0] && openEarlier(earlier[0])),
  fit: drawing(() => view.fit()),
  closer: drawing(() => view.zoom(1.25)),
  farther: drawing(() => view.zoom(0.8)),
  hairs: always(() => find('viewer').classList.toggle('hairs')),
  keys: always(showKeys),
});

find('viewer').addEventListener('pointermove', (event) => {
  const { left, top } = find('viewer').getBoundingClientRect();
  const { scrollLeft, scrollTop, scrollWidth, scrollHeight } = find('viewer');
  find('across').style.width = `${scrollWidth}px`;
  find('down').style.height = `${scrollHeight}px`;
  find('across').style.transform = `translateY(${event.clientY - top + scrollTop}px)`;
  find('down').style.transform = `translateX(${event.clientX - left + scrollLeft}px)`;
});

const clicks = { add: drawing(add), undo, redo, save, none, decline, finish, keys: showKeys };
for (const [id, act] of Object.entries(clicks)) find(id).addEventListener('click', () => act());

// After a click Enter is to save, not to press the same button again; whoever came by Tab stays where they are.
document.querySelector('aside').addEventListener('click', (event) => {
  if (event.detail > 0 && task && event.target.closest('button')) find('viewer').focus({ preventScroll: true });
});

setUpTheme();
alone(next);

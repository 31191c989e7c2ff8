'use strict';

const POLL = 400; // milliseconds between looks at a job
const PULSE = 10000; // milliseconds between signs of life, where a proxy holds an upload back
const at = (id) => document.getElementById(id);
let offered; // models and limits
let chosen; // the file
let job; // address of the job that is under way or shown
let sending; // the upload, while it lasts
let turn = 0; // counts what was started or given up

class Refusal extends Error {}

async function ask(address, options) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    throw new Refusal('The server does not answer; is it still running?');
  }
  return told(answer.status, await answer.text());
}

function told(status, text) {
  let content = null;
  try {
    content = text && JSON.parse(text);
  } catch { /* no JSON: an error of the server */ }
  if (status < 400) return content;
  const detail = content && content.detail;
  throw new Refusal(sentence(typeof detail === 'string' ? detail : `The server answers ${status}`));
}

const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
const megabytes = (bytes) => `${(bytes / 1e6).toLocaleString('en', { maximumSignificantDigits: 3 })} MB`;

function duration(seconds) {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function choose(file) {
  if (!file) return;
  chosen = file;
  at('chosen').textContent = `${file.name} (${megabytes(file.size)})`;
  at('error').hidden = true;
}

function describe() {
  const model = offered.models.find((one) => one.name === at('model').value);
  const bands = `${model.bands} band${model.bands > 1 ? 's' : ''}`;
  const type = model.dtype ? ` of type ${model.dtype}` : '';
  at('needs').textContent = `Needs at least ${bands}${type}. Finds: ${model.classes.join(', ')}.`;
}

function show(part) {
  for (const id of ['error', 'work', 'result']) at(id).hidden = id !== part;
  at('start').disabled = part === 'work';
}

function fail(message) {
  show('error');
  at('error').textContent = message;
  at('error').focus();
}

function tell(text, fraction) {
  at('status').textContent = text;
  if (fraction === undefined) at('progress').removeAttribute('value');
  else at('progress').value = fraction;
}

// screen readers hear each stage once, not each percent
function say(text) {
  if (at('spoken').textContent !== text) at('spoken').textContent = text;
}

function upload(address, file) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const pulse = setInterval(() => fetch(address).catch(() => {}), PULSE);
    sending = new XMLHttpRequest();
    sending.onloadend = () => clearInterval(pulse);
    sending.upload.onprogress = ({ loaded, total }) => {
      const left = ((performance.now() - started) / 1000) * (total / loaded - 1);
      tell(`Uploading, about ${duration(left)} left`, loaded / total);
    };
    sending.onload = () => {
      try {
        resolve(told(sending.status, sending.responseText));
      } catch (error) {
        reject(error);
      }
    };
    sending.onerror = () => reject(new Refusal('The upload was broken off.'));
    sending.onabort = () => reject(new Refusal(''));
    sending.open('PUT', `${address}/image`);
    sending.setRequestHeader('Content-Type', 'application/octet-stream');
    sending.send(file);
  });
}

function report(state) {
  if (state.state === 'waiting') {
    const ahead = state.ahead;
    say('Waiting');
    tell(ahead ? `Waiting for ${ahead} other image${ahead > 1 ? 's' : ''}` : 'Waiting');
  } else {
    const left = state.seconds_left;
    say('Mapping');
    if (state.fraction === 1) tell('Writing the map');
    else tell(left === null ? 'Mapping' : `Mapping, about ${duration(left)} left`, state.fraction);
  }
}

async function finished(address) {
  for (;;) {
    const state = await ask(address);
    if (address !== job) throw new Refusal('');
    if (state.state === 'done') return state;
    if (state.state === 'failed') throw new Refusal(sentence(state.error));
    report(state);
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

async function start(event) {
  event.preventDefault();
  if (!chosen) return fail('Choose an image first.');
  if (chosen.size > offered.upload) {
    return fail(`${chosen.name} has ${megabytes(chosen.size)}; at most ${megabytes(offered.upload)} are accepted.`);
  }
  const file = chosen;
  drop();
  const mine = turn;
  show('work');
  say('Uploading');
  tell('Uploading', 0);
  at('cancel').focus();
  try {
    const query = new URLSearchParams({ model: at('model').value, name: file.name });
    const { id } = await ask(`api/jobs?${query}`, { method: 'POST' });
    const address = `api/jobs/${id}`;
    if (mine !== turn) return remove(address);
    job = address;
    await upload(address, file);
    present(file.name, address, await finished(address));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.message && mine === turn) fail(error.message);
  }
}

function present(name, address, state) {
  at('title').textContent = `Map of ${name}`;
  at('stage').style.setProperty('--ratio', state.width / state.height);
  at('image').src = `${address}/image.png`;
  at('overlay').src = `${address}/overlay.png`;
  at('map').href = `${address}/map.tif`;
  at('quicklook').href = `${address}/quicklook.png`;
  at('size').textContent = `${state.width.toLocaleString('en')} x ${state.height.toLocaleString('en')} pixels`
    + (state.crs ? `, ${state.crs}` : ', no georeference');
  at('kept').textContent = `The server keeps it for ${duration(offered.keep)}, or until you leave this page.`;
  at('legend').replaceChildren(...state.classes.map(entry));
  show('result');
  at('title').focus();
}

function entry({ name, colour, share }) {
  const row = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  const swatch = document.createElement('span');
  swatch.className = 'swatch';
  swatch.style.backgroundColor = colour;
  head.append(swatch, name);
  const cell = document.createElement('td');
  cell.textContent = share > 0 && share < 0.0005 ? '< 0.1 %' : `${(100 * share).toFixed(1)} %`;
  row.append(head, cell);
  return row;
}

function fade() {
  at('overlay').style.opacity = at('opacity').value / 100;
  at('percent').textContent = `${at('opacity').value} %`;
}

// removes the job that is under way or shown from the server
function drop() {
  turn += 1;
  if (sending) sending.abort();
  if (job) remove(job);
  sending = job = undefined;
}

function remove(address) {
  fetch(address, { method: 'DELETE', keepalive: true }).catch(() => {});
}

function cancel() {
  drop();
  show();
  at('start').focus();
}

function listen() {
  const zone = at('drop');
  at('file').addEventListener('change', () => choose(at('file').files[0]));
  // a file that misses the zone must not replace the page
  for (const name of ['dragover', 'drop']) document.addEventListener(name, (event) => event.preventDefault());
  zone.addEventListener('dragover', () => zone.classList.add('over'));
  zone.addEventListener('dragleave', () => zone.classList.remove('over'));
  zone.addEventListener('drop', (event) => {
    zone.classList.remove('over');
    choose(event.dataTransfer.files[0]);
  });
  at('order').noValidate = true;
  at('order').addEventListener('submit', start);
  at('model').addEventListener('change', describe);
  at('cancel').addEventListener('click', cancel);
  at('opacity').addEventListener('input', fade);
  addEventListener('pagehide', drop);
}

async function open() {
  listen();
  try {
    offered = await ask('api/models');
  } catch (error) {
    return fail(error.message);
  }
  at('model').replaceChildren(...offered.models.map(({ name }) => new Option(name)));
  at('accepted').textContent = `GeoTIFF, PNG or JPEG, at most ${megabytes(offered.upload)} `
    + `and ${(offered.pixels / 1e6).toLocaleString('en')} million pixels`;
  describe();
}

open();

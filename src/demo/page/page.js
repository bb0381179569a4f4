import { io } from '/socket.io/socket.io.esm.min.js';

/** Old messages go, so that a tab left open overnight stays small. */
const MOST_MESSAGES = 500;
const ACKNOWLEDGE_TIMEOUT_MS = 10_000;
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const statusLine = document.querySelector('#status');
const messages = document.querySelector('#messages');
const form = document.querySelector('#form');
const input = document.querySelector('#text');
const button = document.querySelector('button');

input.focus();

const socket = io({ auth: { name: 'a browser tab' } });

socket.on('worker', ({ worker, workers, watchCommand }) => {
  showStatus(`connected, id: ${socket.id}, worker: ${worker}`, 'connected');
  document.querySelector('#hint').textContent = chooseHint(workers, watchCommand);
  document.querySelector('#watch').hidden = watchCommand === undefined;
  document.querySelector('#command').textContent = watchCommand ?? '';
});
socket.on('disconnect', () => showStatus('disconnected, trying again …', 'lost'));
socket.on('connect_error', () => showStatus('no answer from the demo, trying again …', 'lost'));
socket.on('chat message', (text) => show(text, 'theirs'));

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = input.value;
  if (text.trim() === '') return;
  input.value = '';
  const item = show(text, 'mine');
  socket.timeout(ACKNOWLEDGE_TIMEOUT_MS).emit('chat message', text, (error) => {
    if (error) item.classList.add('unsent');
  });
});

function showStatus(text, state) {
  statusLine.textContent = text;
  statusLine.className = state;
  button.disabled = state !== 'connected';
}

function chooseHint(workers, watchCommand) {
  const open = 'Open this page in a second tab: it lands on';
  if (workers === 1)
    return `${open} the same worker, the only one there is. What you type here gets there directly.`;
  if (watchCommand === undefined) {
    return `${open} another worker, and hears nothing of what you type here: no adapter joins the workers.`;
  }
  return `${open} another worker, and what you type here gets there through Redis.`;
}

/** What others say is only ever text, and shows what is in it: control and bidirectional characters as escapes. */
function show(text, whose) {
  const item = document.createElement('li');
  item.className = whose;
  item.textContent = String(text).replace(UNSAFE, escapeCharacter);
  messages.append(item);
  if (messages.childElementCount > MOST_MESSAGES) messages.firstElementChild.remove();
  item.scrollIntoView({ block: 'end' });
  return item;
}

function escapeCharacter(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

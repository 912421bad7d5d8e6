// The bot's HTTP interface: one function for each thing that can be asked. Every failure is an ApiError.

import { words } from './words.js';

/** What the server, or the way to it, said no to; `message` is a sentence for the person. */
export class ApiError extends Error {
  constructor(status, { code, message, field = null }, retryAfter = null) {
    super(message);
    this.status = status; // 0: no answer came, so nobody knows whether the request was carried out
    this.code = code;
    this.field = field; // the name of the field that the message is about
    this.retryAfter = retryAfter; // seconds
  }
}

let onLoginNeeded = () => {};

/** Have `listener` called whenever an answer says that nobody is signed in. */
export function whenLoginNeeded(listener) {
  onLoginNeeded = listener;
}

export const unreachable = () => new ApiError(0, { code: 'unreachable', message: words.errors.unreachable });

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failure(status, text, retryAfter) {
  const body = parse(text);
  const known = typeof body?.message === 'string';
  const error = new ApiError(
    status,
    known ? body : { code: 'unexpected', message: words.errors.unexpected(status) },
    Number(retryAfter) || null,
  );
  if (status === 401) onLoginNeeded();
  return error;
}

async function call(method, path, { body, key, signal } = {}) {
  const headers = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (key !== undefined) headers['Idempotency-Key'] = key; // the same key twice makes one job
  let response;
  let text;
  try {
    response = await fetch(path, { method, headers, body: JSON.stringify(body), signal });
    text = await response.text();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw unreachable();
  }
  if (!response.ok) throw failure(response.status, text, response.headers.get('Retry-After'));
  return text ? parse(text) : null;
}

/** A query string of all entries that have a value. */
function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return given.length ? `?${new URLSearchParams(given)}` : '';
}

const segment = encodeURIComponent;

export const me = () => call('GET', '/api/me');
export const login = (token) => call('POST', '/login', { body: { token } });
export const logout = () => call('POST', '/logout');
export const offer = () => call('GET', '/api/offer');
export const quota = () => call('GET', '/api/quota');
export const queue = () => call('GET', '/api/queue');
export const quote = (values, signal) => call('GET', `/api/quote${query(values)}`, { signal });

export const job = (id) => call('GET', `/api/jobs/${segment(id)}`);
export const jobs = ({ limit, before } = {}) => call('GET', `/api/jobs${query({ limit, before })}`);
export const cancel = (id) => call('DELETE', `/api/jobs/${segment(id)}`);
export const again = (id, changes, key) => call('POST', `/api/jobs/${segment(id)}/again`, { body: changes, key });
export const report = (id, reason) => call('POST', `/api/jobs/${segment(id)}/report`, { body: { reason } });
export const forget = () => call('POST', '/api/me/forget');

export const commands = () => call('GET', '/api/admin/commands');
export const run = (name, values) => call('POST', `/api/admin/commands/${segment(name)}`, { body: values });

export const streams = { mine: '/api/events', board: '/api/admin/events' };
export const board = () => call('GET', '/api/admin/board');
export const exportUrl = '/api/me/export';

/** Where a file of a job is: "video", "poster", "picture", "end-picture" or "still". */
export const fileUrl = (id, file) => `/api/jobs/${segment(id)}/${file}`;
export const downloadUrl = (id) => `${fileUrl(id, 'video')}?download=1`;
/**
 * Send a new job. XMLHttpRequest, because fetch cannot tell how much of an upload has gone.
 *
 * @param {{picture: Blob, endPicture: ?Blob, prompt: string, options: Object<string, string>}} wish
 * @param {string} key
 * @param {(share: number) => void} onProgress told how much has gone, 0..1
 * @param {AbortSignal} signal
 * @returns {Promise<object>} the job
 */
export function submit({ picture, endPicture, prompt, options }, key, onProgress, signal) {
  const form = new FormData();
  form.append('prompt', prompt);
  for (const [name, value] of Object.entries(options)) if (value !== '') form.append(name, value);
  // Pictures last: the server can refuse what is wrong in the fields before it has read megabytes.
  form.append('picture', picture, picture.name ?? 'picture');
  if (endPicture) form.append('end_picture', endPicture, endPicture.name ?? 'end-picture');

  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/jobs');
    request.setRequestHeader('Idempotency-Key', key);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      const { status, responseText } = request;
      if (status < 300) resolve(parse(responseText));
      else reject(failure(status, responseText, request.getResponseHeader('Retry-After')));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(form);
  });
}

/** The bytes of a file of a job: a picture to send once more, or the newest still. */
export async function bytesOf(id, file) {
  let response;
  try {
    response = await fetch(fileUrl(id, file));
  } catch {
    throw unreachable();
  }
  if (!response.ok) throw failure(response.status, await response.text(), null);
  return response.blob();
}

/** A key for one submission. `crypto.randomUUID` exists only on https and localhost. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

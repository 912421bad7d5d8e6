// A picture that a person gave: what can be told of it here. Whether it is taken is for the server to say.

import { words } from './words.js';

// Kinds for which some systems name no type, or which are pictures although no browser shows them.
const KNOWN_ENDINGS = /\.(jpe?g|png|webp|avif|gif|hei[cf])$/i;
const NO_PICTURE_TYPES = new Set(['image/svg+xml']);

/** Why this file cannot be sent, in a sentence, or null. */
export function refusalOf(file, { max_picture_bytes: maxBytes, formats }) {
  const isPicture = (file.type.startsWith('image/') && !NO_PICTURE_TYPES.has(file.type)) || KNOWN_ENDINGS.test(file.name);
  if (!isPicture) return words.compose.notAPicture(file.name, formats);
  if (file.size > maxBytes) return words.compose.tooLarge(file.size, maxBytes);
  if (file.size === 0) return words.compose.empty(file.name);
  return null;
}

/**
 * @typedef {{file: ?File, url: string, name: string, size: ?number, width: ?number, height: ?number, isShown: boolean}} Picture
 * width and height are those of the upright picture, null until the browser has opened it; isShown: false where it cannot.
 */

/** @returns {Picture} */
export const fromFile = (file) => ({
  file,
  url: URL.createObjectURL(file),
  name: file.name,
  size: file.size,
  width: null,
  height: null,
  isShown: true,
});

/** @returns {Picture} a picture that the server already has */
export const fromUrl = (url) => ({
  file: null,
  url,
  name: words.compose.ofEarlier,
  size: null,
  width: null,
  height: null,
  isShown: true,
});

export function release(picture) {
  if (picture?.file) URL.revokeObjectURL(picture.url);
}

/** The first file of a drop or a paste, or null where it holds none. */
export const firstFile = (transfer) => transfer?.files?.[0] ?? null;

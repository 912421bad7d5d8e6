// A picture is dropped, pasted or chosen here, and shown with the part of it that the video will show.

import { html, useId, useState } from './html.js';
import * as format from './format.js';
import { firstFile } from './picture.js';
import { words } from './words.js';

const ACCEPT = 'image/*,.heic,.heif,.avif';

/** What the video leaves out is darkened. `crop` is in shares of the picture's sides. */
function Crop({ crop }) {
  if (!crop || crop.width * crop.height > 0.999) return null;
  const style = {
    left: `${crop.x * 100}%`,
    top: `${crop.y * 100}%`,
    width: `${crop.width * 100}%`,
    height: `${crop.height * 100}%`,
  };
  return html`<span class="crop" style=${style} aria-hidden="true"></span>`;
}

function Preview({ picture, crop, onSides, onNotShown }) {
  if (!picture.isShown) {
    // What the server has as its own it would show: it is there no more.
    const reason = picture.file ? words.compose.noPreview : words.job.pictureGone;
    return html`<div class="preview-none">
      <strong>${picture.name}</strong>
      <span class="muted">${reason}</span>
    </div>`;
  }
  return html`<span class="preview">
    <img
      key=${picture.url}
      src=${picture.url}
      alt=${words.compose.alt}
      onLoad=${(event) => onSides(event.target.naturalWidth, event.target.naturalHeight)}
      onError=${onNotShown}
    />
    <${Crop} crop=${crop} />
  </span>`;
}

function Facts({ picture, crop }) {
  const share = crop ? crop.width * crop.height : null;
  const shown = share === null ? null : share > 0.999 ? words.compose.cropNone : words.compose.crop(format.percent(share));
  return html`<p class="hint picture-facts">
    <span>${words.compose.pictureFacts(picture)}</span>
    ${shown && picture.isShown && html`<span>${shown}</span>`}
  </p>`;
}

/**
 * @param {object} props
 * @param {?import('./picture.js').Picture} props.picture
 * @param {(file: File) => void} props.onFile
 * @param {(change: object) => void} props.onChange told what the browser found out about the picture
 */
export function PictureInput({ name, label, empty, hint, picture, crop, error, onFile, onChange, onRemove, isSmall }) {
  const id = useId();
  const [isOver, setOver] = useState(false);
  const choose = (event) => {
    const [file] = event.target.files;
    event.target.value = ''; // so that the same file can be chosen again
    if (file) onFile(file);
  };
  const drop = (event) => {
    setOver(false);
    const file = firstFile(event.dataTransfer);
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    onFile(file);
  };
  const over = (event) => {
    event.preventDefault();
    setOver(true);
  };
  const classes = ['drop', picture && 'filled', isOver && 'over', isSmall && 'small', error && 'wrong'];
  return html`<div class="picture-input">
    <div
      class=${classes.filter(Boolean).join(' ')}
      onDragEnter=${over}
      onDragOver=${over}
      onDragLeave=${() => setOver(false)}
      onDrop=${drop}
    >
      <input
        type="file"
        id=${id}
        name=${name}
        class="unseen"
        accept=${ACCEPT}
        aria-label=${label}
        aria-invalid=${Boolean(error)}
        aria-describedby=${`${id}-error`}
        onChange=${choose}
      />
      ${picture
        ? html`<${Preview}
            picture=${picture}
            crop=${crop}
            onSides=${(width, height) => onChange({ width, height })}
            onNotShown=${() => onChange({ isShown: false })}
          />`
        : html`<label for=${id} class="drop-empty">
            ${!isSmall && html`<svg viewBox="0 0 48 48" aria-hidden="true">
              <rect x="6" y="9" width="36" height="30" rx="5" />
              <circle cx="17" cy="19" r="3.5" />
              <path d="M7 34l11-9 8 6 7-6 8 7" />
            </svg>`}
            <strong>${empty}</strong>
          </label>`}
    </div>
    <div class="picture-bar">
      ${picture
        ? html`<${Facts} picture=${picture} crop=${crop} />
            <label for=${id} class="button quiet">${words.compose.change}</label>
            ${onRemove && html`<button type="button" class="quiet" onClick=${onRemove}>${words.compose.remove}</button>`}`
        : html`<p class="hint">${hint}</p>`}
    </div>
    <p class="problem" id=${`${id}-error`} role="alert">${error}</p>
  </div>`;
}

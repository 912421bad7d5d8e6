// The sentence, and the advice that makes a good one.

import { html } from './html.js';
import { words } from './words.js';

export function PromptField({ value, limit, error, onChange, inputRef }) {
  const isNear = value.length > limit * 0.8;
  const isTooLong = value.length > limit;
  return html`<div class="field">
    <label class="label" for="prompt">
      ${words.compose.prompt} <span class="optional">${words.compose.optional}</span>
    </label>
    <textarea
      id="prompt"
      name="prompt"
      rows="2"
      ref=${inputRef}
      placeholder=${words.compose.promptExample}
      aria-describedby="prompt-advice prompt-error"
      aria-invalid=${Boolean(error) || isTooLong}
      value=${value}
      onInput=${(event) => onChange(event.target.value)}
    ></textarea>
    <p class="hint" id="prompt-advice">${words.compose.advice}</p>
    ${isNear &&
    html`<p class=${isTooLong ? 'hint warn' : 'hint'}>${words.compose.promptLength(value.length, limit)}</p>`}
    <p class="problem" id="prompt-error" role="alert">${error}</p>
  </div>`;
}

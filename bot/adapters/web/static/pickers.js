// The two choices that nearly everybody makes: how good, and how long.

import { html } from './html.js';
import * as format from './format.js';
import { words } from './words.js';

function Radio({ name, value, isChecked, isDisabled = false, onChoose, children }) {
  return html`<label class="chip">
    <input
      type="radio"
      class="unseen"
      name=${name}
      value=${value}
      checked=${isChecked}
      disabled=${isDisabled}
      onChange=${() => onChoose(String(value))}
    />
    <span class="chip-face">${children}</span>
  </label>`;
}

export const presetName = (name) => words.compose.presetNames[name] ?? name;

export function PresetPicker({ presets, chosen, onChoose, error }) {
  return html`<fieldset class="picker presets">
    <legend class="label">${words.compose.preset}</legend>
    <div class="chips">
      ${presets.map(
        (preset) => html`<${Radio}
          key=${preset.name}
          name="preset"
          value=${preset.name}
          isChecked=${preset.name === chosen}
          onChoose=${onChoose}
        >
          <strong>${presetName(preset.name)}</strong>
          <span class="muted">${format.credits(preset.price)}</span>
          ${preset.eta !== null && html`<span class="muted">${words.compose.about(preset.eta)}</span>`}
        <//>`,
      )}
    </div>
    <p class="problem" role="alert">${error}</p>
  </fieldset>`;
}

/** The lengths on offer, with the given one among them. */
function lengthsWith(offered, value) {
  const given = Number(value);
  if (!value || !Number.isFinite(given) || offered.includes(given)) return offered;
  return [...offered, given].sort((a, b) => a - b);
}

const nearest = (lengths, seconds) =>
  lengths.reduce((best, length) => (Math.abs(length - seconds) < Math.abs(best - seconds) ? length : best), lengths[0]);

/** @param {object} props `automatic`: the preset's own length in seconds, taken where nothing is chosen */
export function LengthPicker({ lengths, value, automatic, isDisabled, onChoose, error }) {
  const chosen = value ? Number(value) : nearest(lengths, automatic);
  return html`<fieldset class="picker">
    <legend class="label">${words.compose.length}</legend>
    <div class="chips">
      ${lengthsWith(lengths, value).map(
        (length) => html`<${Radio}
          key=${length}
          name="seconds"
          value=${length}
          isChecked=${!isDisabled && length === chosen}
          isDisabled=${isDisabled}
          onChoose=${onChoose}
        >
          ${words.compose.seconds(length)}
        <//>`,
      )}
    </div>
    ${isDisabled && html`<p class="hint">${words.compose.lengthByFrames}</p>`}
    <p class="problem" role="alert">${error}</p>
  </fieldset>`;
}

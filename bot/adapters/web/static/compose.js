// The form: a picture, a sentence, and what the running engine lets one choose.

import * as api from './api.js';
import { EMPTY } from './draft.js';
import * as format from './format.js';
import { html, useCallback, useEffect, useMemo, useRef, useState } from './html.js';
import { OptionField } from './option-field.js';
import { LengthPicker, PresetPicker } from './pickers.js';
import { PictureInput } from './picture-input.js';
import { firstFile, fromFile, fromUrl, refusalOf, release } from './picture.js';
import { PriceLine } from './price-line.js';
import { Problem } from './problem.js';
import { useQuote } from './quote.js';
import { useSubmission } from './submission.js';
import { words } from './words.js';

const DRAWN_APART = new Set(['preset', 'seconds']);

/** A picture that is being given: the file, or why it is refused. `earlier` is the one of the job that is edited. */
function usePicture(offer, earlier) {
  const [state, setState] = useState({ picture: null, refusal: null });
  const set = (next) =>
    setState((last) => {
      const picture = next(last.picture);
      if (picture?.url !== last.picture?.url) release(last.picture);
      return { picture, refusal: null };
    });
  useEffect(() => set(() => (earlier ? fromUrl(earlier) : null)), [earlier]);
  return {
    ...state,
    take: (file) => {
      const refusal = refusalOf(file, offer);
      // What was there before stays: a wrong file costs nobody the right one.
      if (refusal) setState((last) => ({ ...last, refusal }));
      else set(() => fromFile(file));
    },
    change: (change) => set((last) => last && { ...last, ...change }),
    remove: () => set(() => null),
  };
}

/** Files dropped or pasted anywhere on the page are taken, so that no drop beside the field leaves the page. */
function useFilesFromAnywhere(take) {
  const taking = useRef(take);
  taking.current = take;
  useEffect(() => {
    const allow = (event) => event.dataTransfer?.types.includes('Files') && event.preventDefault();
    const receive = (event) => {
      const file = firstFile(event.dataTransfer ?? event.clipboardData);
      if (!file || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      taking.current(file);
    };
    window.addEventListener('dragover', allow);
    window.addEventListener('drop', receive);
    window.addEventListener('paste', receive);
    return () => {
      window.removeEventListener('dragover', allow);
      window.removeEventListener('drop', receive);
      window.removeEventListener('paste', receive);
    };
  }, []);
}

/** Where an error belongs: the name of a field that is on the page, or null for the one common place. */
function fieldOf(error, shown) {
  if (!error) return null;
  if (shown.has(error.field)) return error.field;
  return error.code?.startsWith('picture_') ? 'picture' : null;
}

function automaticOf(name, preset, quote) {
  const known = { steps: preset.steps, guidance: preset.guidance, frames: quote?.frames ?? preset.frames };
  return known[name] ?? { width: quote?.width, height: quote?.height, fps: quote?.fps }[name];
}

function Prompt({ value, limit, error, onChange, inputRef }) {
  const isNear = value.length > limit * 0.8;
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
      aria-invalid=${Boolean(error) || value.length > limit}
      value=${value}
      onInput=${(event) => onChange(event.target.value)}
    ></textarea>
    <p class="hint" id="prompt-advice">${words.compose.advice}</p>
    ${isNear && html`<p class=${value.length > limit ? 'hint warn' : 'hint'}>${words.compose.promptLength(value.length, limit)}</p>`}
    <p class="problem" id="prompt-error" role="alert">${error}</p>
  </div>`;
}

function SubmitBar({ share, onStop }) {
  if (share === null) return html`<button type="submit" class="primary wide">${words.compose.submit}</button>`;
  const label = share < 1 ? words.compose.sending(format.percent(share)) : words.compose.checking;
  return html`<div class="sending">
    <progress max="1" value=${share < 1 ? share : undefined} aria-label=${label}></progress>
    <span>${label}</span>
    <button type="button" class="quiet" onClick=${onStop}>${words.compose.stop}</button>
  </div>`;
}

/** @param {object} props draft and setDraft are the page's, because a job's Edit fills the form */
export function Compose({ offer, queue, quota, draft, setDraft, onAccepted }) {
  const { source } = draft;
  const start = usePicture(offer, source && api.fileUrl(source.id, 'picture'));
  const end = usePicture(offer, source?.hasEndPicture ? api.fileUrl(source.id, 'end-picture') : null);
  const { share, error, submit, stop, fail } = useSubmission(onAccepted);
  const form = useRef(null);
  const advanced = useRef(null);
  const promptInput = useRef(null);
  useFilesFromAnywhere(start.take);

  const preset =
    offer.presets.find(({ name }) => name === draft.options.preset) ??
    offer.presets.find(({ name }) => name === offer.default_preset);
  const drawn = offer.options.filter((option) => !DRAWN_APART.has(option.name));
  const seconds = offer.options.find((option) => option.name === 'seconds');
  const shown = useMemo(
    () =>
      new Set([
        'picture',
        'prompt',
        'preset',
        offer.end_picture && 'end_picture',
        ...offer.options.map(({ name }) => name),
      ]),
    [offer],
  );
  const { quote, error: quoteError } = useQuote(start.picture, draft.options, `${queue?.waiting} ${queue?.running}`);
  const told = error ?? quoteError;
  const toldField = fieldOf(told, shown);
  const errorAt = (name) => (toldField === name ? told.message : null);

  const change = useCallback(
    (next) => {
      fail(null);
      setDraft((last) => ({ ...last, ...next(last) }));
    },
    [fail, setDraft],
  );
  const setOption = (name) => (value) =>
    change(({ options }) => {
      const both = name === 'frames' && value ? { seconds: '' } : {}; // the length is given in one way or the other
      return { options: { ...options, ...both, [name]: value } };
    });
  const optionField = (option) => html`<${OptionField}
    key=${option.name}
    option=${option}
    value=${draft.options[option.name] ?? ''}
    automatic=${automaticOf(option.name, preset, quote)}
    error=${errorAt(option.name)}
    onChange=${setOption(option.name)}
  />`;

  // A sentence about a field must be seen: its fold is opened.
  const isFolded =
    toldField === 'end_picture' || drawn.some(({ name, advanced: isDeep }) => isDeep && name === toldField);
  useEffect(() => {
    if (isFolded && advanced.current) advanced.current.open = true;
  }, [isFolded]);
  useEffect(() => {
    if (error && toldField !== null) form.current.querySelector('[aria-invalid=true]')?.focus();
  }, [error]);
  useEffect(() => {
    if (source) promptInput.current?.focus({ preventScroll: true });
  }, [source]);
  useEffect(() => fail(null), [start.picture?.url, end.picture?.url]);

  function onSubmit(event) {
    event.preventDefault();
    if (start.picture) return submit(draft, start.picture, end.picture, offer);
    fail({ field: 'picture', message: words.compose.missing });
  }

  return html`<form class="compose card" ref=${form} onSubmit=${onSubmit} noValidate aria-label=${words.compose.title}>
    ${
      source &&
      html`<p class="banner">
      <span>${words.compose.editing}</span>
      <button type="button" class="quiet" onClick=${() => setDraft(EMPTY)}>${words.compose.stopEditing}</button>
    </p>`
    }
    <${PictureInput}
      name="picture"
      label=${words.compose.picture}
      empty=${html`<span class="on-desktop">${words.compose.drop}</span><span class="on-phone">${words.compose.choose}</span>`}
      hint=${words.compose.taken(offer.formats, offer.max_picture_bytes)}
      picture=${start.picture}
      crop=${quote?.crop}
      error=${start.refusal ?? errorAt('picture')}
      onFile=${start.take}
      onChange=${start.change}
      onRemove=${source ? null : start.remove}
    />
    <${Prompt}
      value=${draft.prompt}
      limit=${offer.prompt_max_length}
      error=${errorAt('prompt')}
      inputRef=${promptInput}
      onChange=${(prompt) => change(() => ({ prompt }))}
    />
    <${PresetPicker}
      presets=${offer.presets}
      chosen=${preset.name}
      error=${errorAt('preset')}
      onChoose=${setOption('preset')}
    />
    ${
      seconds &&
      html`<${LengthPicker}
      lengths=${offer.lengths.filter((length) => length >= seconds.min && length <= seconds.max)}
      value=${draft.options.seconds ?? ''}
      automatic=${preset.seconds}
      isDisabled=${Boolean(draft.options.frames)}
      error=${errorAt('seconds')}
      onChoose=${setOption('seconds')}
    />`
    }
    <div class="fields">${drawn.filter((option) => !option.advanced).map(optionField)}</div>
    <details class="advanced" ref=${advanced}>
      <summary>${words.compose.advanced}</summary>
      <div class="fields">
        ${
          offer.end_picture &&
          html`<div class="field whole">
          <span class="label">${words.compose.endPicture}</span>
          <${PictureInput}
            name="end_picture"
            isSmall=${true}
            label=${words.compose.endPicture}
            empty=${words.compose.chooseEnd}
            hint=${words.compose.endPictureHelp}
            picture=${end.picture}
            error=${end.refusal ?? errorAt('end_picture')}
            onFile=${end.take}
            onChange=${end.change}
            onRemove=${end.remove}
          />
        </div>`
        }
        ${drawn.filter((option) => option.advanced).map(optionField)}
      </div>
    </details>
    <div class="submit">
      <${PriceLine} quote=${quote} quota=${quota} />
      <${Problem} error=${toldField === null ? told : null} />
      <${SubmitBar} share=${share} onStop=${stop} />
    </div>
  </form>`;
}

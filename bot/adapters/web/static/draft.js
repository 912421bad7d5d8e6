// What is being written: it survives a reload of the tab, and nothing else.

import { useEffect, useState } from './html.js';

const KEY = 'draft';

/** @typedef {{prompt: string, options: Object<string, string>, source: ?object}} Draft source: the job that is edited */

/** @type {Draft} */
export const EMPTY = { prompt: '', options: {}, source: null };

function stored() {
  try {
    return { ...EMPTY, ...JSON.parse(sessionStorage.getItem(KEY)) };
  } catch {
    return EMPTY; // no storage in a private window, or not ours
  }
}

/** For whoever comes next in this tab. */
export function forgetDraft() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // nothing was kept
  }
}

export function useDraft() {
  const [draft, setDraft] = useState(stored);
  useEffect(() => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(draft));
    } catch {
      // a draft that cannot be kept is still on the screen
    }
  }, [draft]);
  return [draft, setDraft];
}

/** What `/again` is to change so that the new job is what the draft says; all that the draft leaves open is taken away. */
export function changesOf(draft, offer) {
  const names = new Set([...offer.options.map((option) => option.name), 'preset', ...Object.keys(draft.source.options)]);
  const changes = { prompt: draft.prompt };
  for (const name of names) changes[name] = draft.options[name] || null;
  return changes;
}

export const draftOf = (job) => ({
  prompt: job.prompt,
  options: { ...job.options },
  source: { id: job.id, options: job.options, hasEndPicture: job.has_end_picture },
});

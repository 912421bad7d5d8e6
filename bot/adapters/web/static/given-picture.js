// The pictures of the form as they are given: chosen, dropped or pasted, refused, changed and taken away.

import { useEffect, useRef, useState } from './html.js';
import { firstFile, fromFile, fromUrl, refusalOf, release } from './picture.js';

/** A picture that is being given: the file, or why it is refused. `earlier` is the one of the job that is edited. */
export function usePicture(offer, earlier) {
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
export function useFilesFromAnywhere(take) {
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

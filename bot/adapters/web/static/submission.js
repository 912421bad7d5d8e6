// Sending what was written. An error leaves everything as it is; a doubt never makes a second job.

import * as api from './api.js';
import { changesOf } from './draft.js';
import { useCallback, useRef, useState } from './html.js';

/** The job that is edited keeps its pictures on the server, unless one of them is another now. */
function isOnlyChanged(draft, picture, endPicture) {
  if (!draft.source || picture?.file) return false;
  return !endPicture?.file && Boolean(endPicture) === draft.source.hasEndPicture;
}

async function send(draft, picture, endPicture, offer, key, onShare, signal) {
  if (isOnlyChanged(draft, picture, endPicture)) return api.again(draft.source.id, changesOf(draft, offer), key);
  const fileOf = async (given, file) => given.file ?? api.bytesOf(draft.source.id, file);
  const wish = {
    picture: await fileOf(picture, 'picture'),
    endPicture: endPicture && (await fileOf(endPicture, 'end-picture')),
    prompt: draft.prompt,
    options: draft.options,
  };
  return api.submit(wish, key, onShare, signal);
}

/** @returns {{share: ?number, error: ?Error, submit: Function, stop: Function, fail: Function}} share: null while idle */
export function useSubmission(onAccepted) {
  const [share, setShare] = useState(null);
  const [error, setError] = useState(null);
  const call = useRef(null);
  const doubtful = useRef(null); // {content, key} of a request that got no answer: it may have been accepted

  const submit = useCallback(
    async (draft, picture, endPicture, offer) => {
      if (call.current) return;
      const content = JSON.stringify([draft, picture?.url, endPicture?.url]);
      const key = doubtful.current?.content === content ? doubtful.current.key : api.newKey();
      call.current = new AbortController();
      setError(null);
      setShare(0);
      try {
        const job = await send(draft, picture, endPicture, offer, key, setShare, call.current.signal);
        doubtful.current = null;
        onAccepted(job);
      } catch (problem) {
        doubtful.current = problem.status === 0 || problem.name === 'AbortError' ? { content, key } : null;
        if (problem.name !== 'AbortError') setError(problem);
      } finally {
        call.current = null;
        setShare(null);
      }
    },
    [onAccepted],
  );

  const stop = useCallback(() => call.current?.abort(), []);
  return { share, error, submit, stop, fail: setError };
}

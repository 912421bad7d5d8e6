// Who is looking at the page, and how they came in.

import * as api from './api.js';
import { forgetDraft } from './draft.js';
import { useCallback, useEffect, useState } from './html.js';

/** The token of a link like `http://host/#token=…`, taken out of the address at once so that it is not left in the history. */
export function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

/**
 * The session: `me` is null until somebody is known, and stays while they are asked to sign in again.
 *
 * @returns {{me: ?object, needsLogin: boolean, error: ?Error, signIn: Function, signOut: Function, retry: Function}}
 */
export function useSession() {
  const [me, setMe] = useState(null);
  const [needsLogin, setNeedsLogin] = useState(false);
  const [error, setError] = useState(null);

  const retry = useCallback(async () => {
    setError(null);
    try {
      setMe(await api.me());
      setNeedsLogin(false);
    } catch (problem) {
      if (problem.status !== 401) setError(problem);
    }
  }, []);

  const signIn = useCallback(
    async (token) => {
      await api.login(token);
      await retry();
    },
    [retry],
  );

  const signOut = useCallback(async () => {
    await api.logout();
    forgetDraft();
    location.reload();
  }, []);

  useEffect(() => {
    api.whenLoginNeeded(() => setNeedsLogin(true));
    const enter = async () => {
      const token = takeToken();
      if (token === null) return retry();
      return signIn(token).catch((problem) => {
        setError(problem);
        setNeedsLogin(true);
      });
    };
    enter();
    window.addEventListener('hashchange', enter);
    return () => window.removeEventListener('hashchange', enter);
  }, [retry, signIn]);

  return { me, needsLogin, error, signIn, signOut, retry };
}

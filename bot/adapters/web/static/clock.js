// What changes by itself as time goes on.

import { useEffect, useState } from './html.js';

/** The present instant in ms, renewed each second while `active`. */
export function useNow(active = true) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!active) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [active]);
  return now;
}

/** `value` as it was when it last stayed the same for `delayMs`; compared by its JSON. */
export function useSettled(value, delayMs) {
  const [settled, setSettled] = useState(value);
  const key = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs);
    return () => clearTimeout(timer);
  }, [key, delayMs]);
  return settled;
}

export const wantsLessMotion = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

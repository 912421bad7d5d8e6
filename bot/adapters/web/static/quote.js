// What the video being written would cost and how long it would take, asked anew as it changes.

import * as api from './api.js';
import { useSettled } from './clock.js';
import { useEffect, useState } from './html.js';

const SETTLE_MS = 250;
const TYPICAL = { width: 1536, height: 1024 }; // sides to ask with while there is no picture, or none that can be measured

/**
 * @param {?{width: number, height: number}} picture
 * @param {Object<string, string>} options
 * @param {string} mood changes when the queue does, and the wait with it
 * @returns {{quote: ?object, error: ?Error}} the crop only where the picture's own sides are known
 */
export function useQuote(picture, options, mood) {
  const isMeasured = Boolean(picture?.width);
  const { width, height } = isMeasured ? picture : TYPICAL;
  const wish = useSettled({ sides: { width_px: width, height_px: height }, options, isMeasured, mood }, SETTLE_MS);
  const [answer, setAnswer] = useState({ quote: null, error: null });

  useEffect(() => {
    const call = new AbortController();
    api.quote({ ...wish.sides, ...wish.options }, call.signal).then(
      (quote) => setAnswer({ quote: { ...quote, crop: wish.isMeasured ? quote.crop : null }, error: null }),
      (error) => error.name !== 'AbortError' && setAnswer({ quote: null, error }),
    );
    return () => call.abort();
  }, [wish]);
  return answer;
}

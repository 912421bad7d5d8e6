// What every view is made with: Preact's elements and hooks, and htm's tagged template in place of JSX.

import { h, render } from './vendor/preact.js';
import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from './vendor/hooks.js';
import htm from './vendor/htm.js';

export const html = htm.bind(h);
export { render, useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState };

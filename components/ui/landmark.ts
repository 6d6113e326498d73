/** Where what opens over the page belongs in it: outside the landmarks nobody who moves by them would find it. */
export const mainLandmark = (): HTMLElement | null =>
  typeof document === 'undefined' ? null : document.querySelector('main')

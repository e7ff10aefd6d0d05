// Runs in the browser, before the page's own scripts: what tests ask about a page that only a browser knows.

const brightness = (colour) =>
  (colour.match(/[\d.]+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3;

globalThis.look = {
  /** Width of the page in CSS pixels; more than the window's means that it scrolls sideways. */
  width: () => document.documentElement.scrollWidth,

  /** What sticks out of the window on the right. */
  tooWide: () =>
    [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
      .map((element) => element.outerHTML.slice(0, 100)),

  /** How much brighter the text is than what it stands on, 0–255. */
  contrast: () => {
    const { color, backgroundColor } = getComputedStyle(document.body);
    const transparent = /, 0\)$/.test(backgroundColor);
    return brightness(color) - (transparent ? 0 : brightness(backgroundColor));
  },

  /** Whether one sees where the focus is. */
  focus: () => {
    const focused = document.activeElement;
    if (focused === null || focused === document.body) return 'nothing has the focus';
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(focused);
    const { width, height } = focused.getBoundingClientRect();
    const marked = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
    return marked && width > 0 && height > 0 ? 'seen' : `not seen at ${focused.outerHTML.slice(0, 100)}`;
  },

  /** Fields without a name for those who cannot see them. */
  unnamedFields: () =>
    [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
      .filter((field) => field.labels.length === 0 && !field.hasAttribute('aria-label'))
      .map((field) => field.outerHTML),
};

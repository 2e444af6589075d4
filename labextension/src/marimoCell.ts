/** Going to a cell of a notebook that is open in marimo. */

const LOOK_MILLISECONDS = 250;
/** marimo may have to be started first. */
const LONGEST_MILLISECONDS = 60_000;
/** A page that was just loaded still moves, and marimo gives the keyboard to the first cell: looks until that is over. */
const SETTLING_LOOKS = 8;

/** The address of a notebook's page that shows a cell, as marimo's own links to cells are; only those with a name have one. */
export function cellAddress(page: string, cell: string): string {
  return isNumber(cell) ? page : `${page}#scrollTo=${encodeURIComponent(cell)}`;
}

/**
 * Show a cell once its page is there, and give it the keyboard, unless that is used elsewhere by then.
 *
 * marimo follows the address of a cell only in a page that has the keyboard when it is loaded, which one in a tab hasn't.
 *
 * @param panel Where the page is, or will be.
 * @returns Whether there is such a cell; true too where nobody waits for it any more.
 */
export async function revealCell(panel: HTMLElement, cell: string): Promise<boolean> {
  const frame = panel.querySelector('iframe');
  const before = document.activeElement;
  const isFree = (): boolean => {
    const { activeElement, body } = document;
    return panel.offsetParent !== null && ([before, body].includes(activeElement) || panel.contains(activeElement));
  };
  const until = Date.now() + LONGEST_MILLISECONDS;
  while (frame?.isConnected && isFree()) {
    if (editorOf(frame, cell)) {
      await settle(frame, cell, isFree);
      return true;
    }
    if (Date.now() > until) {
      return false;
    }
    await look();
  }
  return true;
}

/** Keep the cell in view until the page has settled, or the user does something in it or elsewhere. */
async function settle(frame: HTMLIFrameElement, cell: string, isFree: () => boolean): Promise<void> {
  const page = frame.contentWindow;
  let taken = false;
  const take = (): void => void (taken = true);
  page?.addEventListener('pointerdown', take, { once: true });
  page?.addEventListener('keydown', take, { once: true });
  for (let looks = 0; looks < SETTLING_LOOKS && !taken && isFree(); looks++) {
    const editor = editorOf(frame, cell);
    editor?.closest('[data-cell-name]')?.scrollIntoView({ block: 'center' });
    page?.focus();
    editor?.focus({ preventScroll: true });
    await look();
  }
}

/** The editor of a cell, given by its name or its 1-based number. */
function editorOf(frame: HTMLIFrameElement, cell: string): HTMLElement | null {
  const cells = [...(frame.contentDocument?.querySelectorAll<HTMLElement>('[data-cell-name]') ?? [])];
  const found = isNumber(cell) ? cells[Number(cell) - 1] : cells.find(one => one.dataset['cellName'] === cell);
  return found?.querySelector<HTMLElement>('.cm-content') ?? null;
}

function look(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, LOOK_MILLISECONDS));
}

function isNumber(cell: string): boolean {
  return /^\d+$/.test(cell);
}

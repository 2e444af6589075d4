/** The reader of a document: kept in place, and from typing what would be lost, while its content is loaded again. */

import type { Widget } from '@lumino/widgets';

/** Do `work`, after which the widgets show the same stretch of the document, and the active cell is the same. */
export async function keepingPlaces(widgets: ReadonlySet<Widget>, work: () => Promise<void>): Promise<void> {
  const places = [...widgets].map(place);
  await work();
  places.forEach(restore => restore());
}

const INPUT = ['keydown', 'beforeinput', 'paste', 'cut', 'drop'];

/** Do `work`, during which the widgets take nothing that is typed: the content that it would go to is replaced. */
export async function holdingInput(widgets: ReadonlySet<Widget>, work: () => Promise<void>): Promise<void> {
  const nodes = [...widgets].map(widget => widget.node);
  const hold = (event: Event): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  for (const node of nodes) {
    INPUT.forEach(type => node.addEventListener(type, hold, { capture: true }));
    node.setAttribute('aria-busy', 'true');
  }
  try {
    await work();
  } finally {
    for (const node of nodes) {
      INPUT.forEach(type => node.removeEventListener(type, hold, { capture: true }));
      node.removeAttribute('aria-busy');
    }
  }
}

function place(widget: Widget): () => void {
  const scroller = widget.node.querySelector('.jp-WindowedPanel-outer, .cm-scroller');
  const top = scroller?.scrollTop ?? 0;
  const content = (widget as { readonly content?: unknown }).content;
  const cell = hasCells(content) ? content.activeCellIndex : -1;
  const focused = widget.node.contains(widget.node.ownerDocument.activeElement);
  return () => {
    if (hasCells(content) && cell >= 0) {
      content.activeCellIndex = cell;
      if (focused) {
        content.activate();
      }
    }
    if (scroller) {
      requestAnimationFrame(() => (scroller.scrollTop = top));
    }
  };
}

function hasCells(content: unknown): content is Widget & { activeCellIndex: number } {
  return typeof content === 'object' && content !== null && 'activeCellIndex' in content;
}

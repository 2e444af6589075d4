/** Where the reader of a document is, kept while its content is loaded again. */

import type { Widget } from '@lumino/widgets';

/** Do `work`, after which the widgets show the same stretch of the document, and the active cell is the same. */
export async function keepingPlaces(widgets: ReadonlySet<Widget>, work: () => Promise<void>): Promise<void> {
  const places = [...widgets].map(place);
  await work();
  places.forEach(restore => restore());
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

/** Markdown that others wrote, by JupyterLab's renderer and sanitiser. */

import { Sanitizer } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

const MARKDOWN = 'text/markdown';

/** A registry whose sanitiser also takes away what would have JupyterLab execute commands on a click. */
export function withoutCommands(rendermime: IRenderMimeRegistry): IRenderMimeRegistry {
  const theirs = rendermime.sanitizer;
  const sanitizer = new Sanitizer();
  sanitizer.setAutolink(theirs.getAutolink?.() ?? true);
  sanitizer.setAllowNamedProperties(theirs.allowNamedProperties ?? false);
  sanitizer.setAllowCommandLinker(false);
  return rendermime.clone({ sanitizer });
}

export const Markdown = React.memo(MarkdownText);

function MarkdownText(props: {
  readonly text: string;
  /** null: it is shown as it is written. */
  readonly rendermime: IRenderMimeRegistry | null;
}): React.ReactElement {
  const { text, rendermime } = props;
  const host = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (!rendermime) {
      return undefined;
    }
    const renderer = rendermime.createRenderer(MARKDOWN);
    const model = rendermime.createModel({ data: { [MARKDOWN]: text }, trusted: false });
    let wanted = true;
    const show = async (): Promise<void> => {
      await renderer.renderModel(model);
      if (!wanted || !host.current) {
        return;
      }
      // No link may lead JupyterLab itself away.
      for (const link of renderer.node.querySelectorAll<HTMLAnchorElement>('a[href]')) {
        link.target = '_blank';
        link.rel = 'noopener noreferrer';
      }
      // As Widget.attach does in a place that Lumino knows; mathematics is typeset by this.
      MessageLoop.sendMessage(renderer, Widget.Msg.BeforeAttach);
      host.current.replaceChildren(renderer.node);
      MessageLoop.sendMessage(renderer, Widget.Msg.AfterAttach);
    };
    void show().catch(() => host.current?.replaceChildren(text));
    return () => {
      wanted = false;
      if (renderer.isAttached) {
        MessageLoop.sendMessage(renderer, Widget.Msg.BeforeDetach);
        renderer.node.remove();
        MessageLoop.sendMessage(renderer, Widget.Msg.AfterDetach);
      }
      renderer.dispose();
    };
  }, [text, rendermime]);
  return (
    <div className="jp-Daglab-markdown" ref={host}>
      {rendermime ? null : <p className="jp-Daglab-plain">{text}</p>}
    </div>
  );
}

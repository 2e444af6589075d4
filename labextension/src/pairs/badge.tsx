/** Where the notebook of a document stands, as a button with a menu: in the document's toolbar and the status bar. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';
import * as React from 'react';
import { documentIcons } from '../icons';
import { type IChoice, choices } from '../model/choices';
import { documentHint, documentText } from '../model/document';
import { Icon } from '../sidebar/icon';
import type { IDocumentView, OpenDocuments } from './documents';
import type { OpenDocument } from './openDocument';

interface IBadgeOptions {
  readonly documents: OpenDocuments;
  readonly commands: CommandRegistry;
  readonly trans: IRenderMime.TranslationBundle;
  /** The document that it tells of, as it is now. */
  readonly document: () => OpenDocument | null;
  readonly className: string;
}

export class PairBadge extends ReactWidget {
  constructor(private readonly options: IBadgeOptions) {
    super();
    this.addClass(options.className);
    options.documents.changed.connect(this.reveal, this);
    this.reveal();
  }

  /** Another document may be in front. */
  refresh(): void {
    this.reveal();
    this.update();
  }

  /** Whether there is something to tell. */
  get hasNews(): boolean {
    return this.view !== null;
  }

  protected override render(): React.ReactElement {
    const { documents, commands, trans } = this.options;
    return (
      <UseSignal signal={documents.changed} initialSender={documents}>
        {() => {
          const { view } = this;
          return view && <Badge view={view} commands={commands} trans={trans} />;
        }}
      </UseSignal>
    );
  }

  private get view(): IDocumentView | null {
    const document = this.options.document();
    return document && this.options.documents.view(document);
  }

  private reveal(): void {
    this.setHidden(!this.hasNews);
  }
}

function Badge(props: {
  readonly view: IDocumentView;
  readonly commands: CommandRegistry;
  readonly trans: IRenderMime.TranslationBundle;
}): React.ReactElement {
  const { view, commands, trans } = props;
  const text = documentText(view.state, trans);
  const hint = [documentHint(view.state, view.half, trans), view.reason].filter(Boolean).join('\n');
  return (
    <button
      type="button"
      className={`jp-Daglab-badge jp-mod-${view.state}`}
      aria-haspopup="menu"
      title={hint}
      onClick={event => openMenu(commands, choices(view.state, view.half, view.notebook), event.currentTarget)}
    >
      <Icon icon={documentIcons[view.state]} className={`jp-mod-${view.state}`} />
      <span>{text}</span>
    </button>
  );
}

function openMenu(commands: CommandRegistry, items: readonly IChoice[], anchor: HTMLElement): void {
  const menu = new Menu({ commands });
  menu.addClass('jp-ThemedContainer');
  items.forEach(({ command, path }) => menu.addItem({ command, args: { path } }));
  // The chosen command runs after the menu has closed.
  menu.aboutToClose.connect(() => {
    anchor.focus();
    setTimeout(() => menu.dispose());
  });
  const { left, bottom } = anchor.getBoundingClientRect();
  menu.open(left, bottom, { forceY: false });
  menu.activeIndex = 0;
}

/** A run's log: only the visible lines are in the page; by level, step and text, following its end. */

import { Clipboard } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';
import { filterLines, type ILogFilter, linesText } from '../model/logFilter';
import type { IRunLog } from '../model/runLog';
import { LogLine } from './logLine';
import { LogTools } from './logTools';

/** Of a line that isn't wrapped. */
const LINE_PIXELS = 20;
/** So near its end, the end is followed. */
const NEAR_PIXELS = 30;

interface ILogProps {
  readonly log: IRunLog;
  /** Whether it is read up to what was logged last. */
  readonly complete: boolean;
  /** Whether the run has ended. */
  readonly final: boolean;
  /** The step whose lines alone are shown. */
  readonly step: string | null;
  readonly onStep: (step: string | null) => void;
  readonly trans: IRenderMime.TranslationBundle;
}

export function RunLogView(props: ILogProps): React.ReactElement {
  const { log, complete, final, step, onStep, trans } = props;
  const [chosen, setChosen] = React.useState<Omit<ILogFilter, 'step'>>({ level: 'INFO', search: '' });
  const [follows, setFollows] = React.useState(!final);
  const [said, setSaid] = React.useState('');
  const filter = React.useDeferredValue(React.useMemo(() => ({ ...chosen, step }), [chosen, step]));
  const lines = React.useMemo(() => filterLines(log.lines, filter), [log.lines, filter]);

  const scroller = React.useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PIXELS,
    getItemKey: at => lines[at]?.number ?? at,
    overscan: 8
  });
  React.useEffect(() => {
    if (follows && lines.length > 0) {
      virtualizer.scrollToIndex(lines.length - 1, { align: 'end' });
    }
  }, [follows, lines, virtualizer]);

  const top = React.useRef(0);
  const onScroll = (event: React.UIEvent<HTMLDivElement>): void => {
    const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
    const near = scrollHeight - scrollTop - clientHeight < NEAR_PIXELS;
    // Only the reader scrolls up: then the end is not to pull the lines away.
    if (scrollTop < top.current - 1 && !near) {
      setFollows(false);
    } else if (near && !final) {
      setFollows(true);
    }
    top.current = scrollTop;
  };

  const all = log.lines.length;
  const counted = lines.length === all ? trans._n('%1 line', '%1 lines', all) : trans.__('%1 of %2 lines', lines.length, all);
  return (
    <section className="jp-Daglab-log" aria-label={trans.__('Log')}>
      <LogTools
        filter={{ ...chosen, step }}
        onFilter={part => setChosen({ ...chosen, ...part })}
        onStep={onStep}
        steps={[...log.steps.keys()]}
        follows={follows}
        onFollow={setFollows}
        onCopy={() => {
          Clipboard.copyToSystem(linesText(lines));
          setSaid(trans._n('%1 line copied', '%1 lines copied', lines.length));
        }}
        trans={trans}
      />
      {log.dropped > 0 ? (
        <p className="jp-Daglab-hint">
          {trans._n('The first line is left out; Dagster has it.', 'The first %1 lines are left out; Dagster has them.', log.dropped)}
        </p>
      ) : null}
      <div ref={scroller} className={`jp-Daglab-lines${log.steps.size > 1 && step === null ? '' : ' jp-mod-oneStep'}`} tabIndex={0} role="group" aria-label={trans.__('Lines of the log')} onScroll={onScroll}>
        {lines.length === 0 ? (
          <p className="jp-Daglab-loading">
            {all > 0 ? trans.__('No line matches.') : complete ? trans.__('Nothing is logged yet.') : trans.__('Reading the log…')}
          </p>
        ) : (
          <div role="list" style={{ height: virtualizer.getTotalSize() }}>
            {virtualizer.getVirtualItems().map(item => {
              const line = lines[item.index];
              return line ? (
                <LogLine
                  key={item.key}
                  line={line}
                  index={item.index}
                  count={lines.length}
                  top={item.start}
                  measure={virtualizer.measureElement}
                  search={filter.search}
                  trans={trans}
                />
              ) : null;
            })}
          </div>
        )}
      </div>
      <p className="jp-Daglab-logFoot">
        {complete ? counted : trans.__('%1, reading on…', counted)}
        <span role="status">{said ? ` · ${said}` : ''}</span>
      </p>
    </section>
  );
}

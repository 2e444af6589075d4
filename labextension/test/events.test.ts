import { afterEach, describe, expect, it } from 'vitest';
import { EventStream, type ITimes } from '../src/data/events';
import { type IPairChange, type RunProgress, withPair, withRun } from '../src/model/events';
import { run, until } from './make';

const TIMES: ITimes = { greeting: 60, socketAgain: 200, silence: 80, pause: 4, longestPause: 8 };

/** A server of events with a websocket that can be switched off, as the real one numbers them. */
class Server {
  events: number[] = [];
  sockets: FakeSocket[] = [];
  websockets = true;
  up = true;
  asked: (string | null)[] = [];
  readonly name = 'h';

  eventSocket(since: string | null): WebSocket {
    this.asked.push(since);
    const socket = new FakeSocket();
    setTimeout(() => {
      if (!this.websockets || !this.up) {
        socket.close();
        return;
      }
      this.sockets.push(socket);
      const { events, ...begin } = this.page(since);
      socket.say(begin);
      events.forEach(event => socket.say(event));
    });
    return socket as unknown as WebSocket;
  }

  async get(_path: string, { query }: { query?: { since?: string | null; wait?: number } }): Promise<never> {
    await new Promise(resolve => setTimeout(resolve, 2));
    if (!this.up) {
      throw new Error('away');
    }
    return this.page(query?.since ?? null) as never;
  }

  publish(tell = true): void {
    this.events.push(this.events.length + 1);
    if (tell) {
      const event = this.event(this.events.length);
      this.sockets.forEach(socket => socket.say(event));
    }
  }

  private page(since: string | null): { events: object[]; cursor: string; reset: boolean } {
    const from = since?.startsWith(`${this.name}-`) ? Number(since.split('-')[1]) : null;
    const events = from === null ? [] : this.events.slice(from).map(number => this.event(number));
    return { events, cursor: `${this.name}-${this.events.length}`, reset: from === null };
  }

  private event(number: number): object {
    return { cursor: `${this.name}-${number}`, topic: 'runs', at: 0, data: { number } };
  }
}

class FakeSocket {
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  private closed = false;
  say(value: object): void {
    if (!this.closed) {
      this.onmessage?.({ data: JSON.stringify(value) });
    }
  }
  close(): void {
    if (!this.closed) {
      this.closed = true;
      setTimeout(() => this.onclose?.());
    }
  }
}

describe('EventStream', () => {
  let stream: EventStream;

  function listen(server: Server): { numbers: number[]; resets: () => number } {
    stream = new EventStream(server as never, TIMES);
    const numbers: number[] = [];
    let resets = 0;
    stream.happened.connect((_, event) => numbers.push(Number(event.data['number'])));
    stream.reset.connect(() => (resets += 1));
    stream.start();
    return { numbers, resets: () => resets };
  }

  afterEach(() => stream.dispose());

  it('tells what happens, each event once', async () => {
    const server = new Server();
    const { numbers, resets } = listen(server);
    await until(() => stream.connection === 'live');
    server.publish();
    server.publish();
    await until(() => numbers.length === 2);
    expect(numbers).toEqual([1, 2]);
    expect(resets()).toBe(1);
  });

  it('goes on where it was after a break', async () => {
    const server = new Server();
    const { numbers, resets } = listen(server);
    await until(() => stream.connection === 'live');
    server.publish();
    await until(() => numbers.length === 1);
    server.up = false;
    server.sockets.splice(0).forEach(socket => socket.close());
    await until(() => stream.connection === 'lost');
    server.publish();
    server.up = true;
    await until(() => numbers.length === 2);
    expect([numbers, resets()]).toEqual([[1, 2], 1]);
  });

  it('says so when the server does not know any more', async () => {
    const server = new Server();
    const { resets } = listen(server);
    await until(() => stream.connection === 'live');
    Object.assign(server, { name: 'other', events: [] });
    server.sockets.splice(0).forEach(socket => socket.close());
    await until(() => resets() === 2);
  });

  it('polls where websockets do not work, and tries them again later', async () => {
    const server = new Server();
    server.websockets = false;
    const { numbers } = listen(server);
    await until(() => stream.connection === 'polling');
    server.publish();
    await until(() => numbers.length === 1);
    const tried = server.asked.length;
    expect(tried).toBe(1);
    server.websockets = true;
    await until(() => stream.connection === 'live');
    expect(server.asked.length).toBe(2);
    server.publish();
    await until(() => numbers.length === 2);
    expect(numbers).toEqual([1, 2]);
  });

  it('finds out that a websocket is dead', async () => {
    const server = new Server();
    const { numbers } = listen(server);
    await until(() => stream.connection === 'live');
    server.publish(false);
    await until(() => numbers.length === 1);
    expect(server.asked).toHaveLength(2);
  });

  it('asks seldom while the server is away', async () => {
    const server = new Server();
    server.up = false;
    listen(server);
    await until(() => stream.connection === 'lost');
    const before = server.asked.length;
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(server.asked.length - before).toBeLessThan(16);
  });
});

describe('the runs that are remembered', () => {
  const progress = (id: string, final: boolean): RunProgress => ({ ...run(), id, final });

  it('are the latest, and all that are in progress', () => {
    const before = ['a', 'b', 'c', 'd'].map(id => progress(id, id !== 'a'));
    const runs = new Map(before.map(one => [one.id, one]));
    expect([...withRun(runs, progress('e', false), 3).keys()]).toEqual(['a', 'd', 'e']);
    expect([...withRun(runs, progress('b', true), 4).keys()]).toEqual(['a', 'c', 'd', 'b']);
    expect([...withRun(runs, progress('b', true), 1).keys()]).toEqual(['a', 'b']);
    expect([...withRun(runs, progress('e', false), 9).keys()]).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('the pairs that are not in sync', () => {
  const change = (part: Partial<IPairChange>): IPairChange => ({
    ...{ py: 'a.py', ipynb: 'a.ipynb', cause: 'disk', state: 'conflict', reason: 'r', written: [], error: null },
    conflicts: [{ cell: '1', label: 'load', reason: '' }],
    ...part
  });

  it('follow what is told, and stay where a sync has failed', () => {
    const pairs = withPair(new Map(), change({}));
    expect([...pairs.keys()]).toEqual(['a.py', 'a.ipynb']);
    expect(pairs.get('a.ipynb')).toMatchObject({ state: 'conflict', conflicts: 1, reason: 'r' });
    expect(withPair(pairs, change({ state: 'error' })).get('a.py')?.state).toBe('conflict');
    expect(withPair(pairs, change({ ipynb: null, state: 'half' })).get('a.py')?.state).toBe('conflict');
    expect(withPair(pairs, change({ state: 'in-sync' })).size).toBe(0);
  });
});

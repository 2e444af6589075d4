/** The stream of the server's events: a websocket, or polling where there is none; after a break it goes on. */

import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import type { ServerEvent } from '../model/events';
import type { Api } from './api';

/** `live`: by websocket · `polling`: by requests · `lost`: the server does not answer. */
export type Connection = 'connecting' | 'live' | 'polling' | 'lost';

/** Milliseconds. */
export interface ITimes {
  /** A websocket that says nothing for so long at its beginning is none. */
  readonly greeting: number;
  /** Where websockets don't work, they are tried again after so long. */
  readonly socketAgain: number;
  /** After so long a silence it is asked whether the websocket still lives. */
  readonly silence: number;
  /** The first pause after a failure; each is twice as long as the one before. */
  readonly pause: number;
  readonly longestPause: number;
}

const TIMES: ITimes = { greeting: 10_000, socketAgain: 300_000, silence: 60_000, pause: 1_000, longestPause: 30_000 };
const WAIT_SECONDS = 20;

export class EventStream implements IDisposable {
  constructor(
    private readonly api: Pick<Api, 'eventSocket' | 'get'>,
    private readonly times: ITimes = TIMES
  ) {}

  /** What has happened, in its order, each event once. */
  get happened(): ISignal<this, ServerEvent> {
    return this._happened;
  }

  /** Events were missed: read the resources again. Also at the beginning. */
  get reset(): ISignal<this, void> {
    return this._reset;
  }

  get connectionChanged(): ISignal<this, Connection> {
    return this._connectionChanged;
  }

  get connection(): Connection {
    return this._connection;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  start(): void {
    void this.run();
  }

  dispose(): void {
    this._isDisposed = true;
    this.socket?.close();
    Signal.clearData(this);
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this._isDisposed) {
      const heard = (await this.listen()) || (await this.poll());
      failures = heard ? 0 : failures + 1;
      if (!heard) {
        this.socketAfter = 0; // the server is away, which says nothing of websockets
        this.become('lost');
      }
      const pause = Math.min(this.times.pause * 2 ** Math.max(0, failures - 1), this.times.longestPause);
      await new Promise(resolve => setTimeout(resolve, pause * (0.75 + Math.random() / 2)));
    }
  }

  /** Listen to a websocket until it ends; the answer is whether it said anything. */
  private async listen(): Promise<boolean> {
    if (this._isDisposed || Date.now() < this.socketAfter) {
      return false;
    }
    const socket = (this.socket = this.api.eventSocket(this.cursor));
    let heardAt = 0;
    const greeting = setTimeout(() => heardAt || socket.close(), this.times.greeting);
    const watch = setInterval(() => {
      if (heardAt && Date.now() - heardAt > this.times.silence) {
        heardAt = Date.now();
        void this.missed().then(missed => missed && socket.close());
      }
    }, this.times.silence / 2);
    socket.onmessage = message => {
      const first = !heardAt;
      heardAt = Date.now();
      const told: unknown = JSON.parse(String(message.data));
      if (first) {
        this.begin(told as { cursor: string; reset: boolean }, 'live');
      } else {
        this.tell(told as ServerEvent);
      }
    };
    await new Promise(resolve => (socket.onclose = resolve));
    clearTimeout(greeting);
    clearInterval(watch);
    this.socket = null;
    if (!heardAt) {
      this.socketAfter = Date.now() + this.times.socketAgain;
    }
    return heardAt > 0;
  }

  /** Whether there are events that the websocket has not told, or the server is away. */
  private async missed(): Promise<boolean> {
    try {
      const { events } = await this.api.get('/events', { query: { since: this.cursor } });
      const last = events.at(-1);
      return last !== undefined && last.cursor !== this.cursor;
    } catch {
      return true;
    }
  }

  /** Ask for events until that fails, or websockets are to be tried again; the answer is whether it ever worked. */
  private async poll(): Promise<boolean> {
    let heard = false;
    while (!this._isDisposed && Date.now() < this.socketAfter) {
      try {
        const query = { since: this.cursor, wait: this.cursor === null ? 0 : WAIT_SECONDS };
        const page = await this.api.get('/events', { query });
        if (this._isDisposed) {
          break;
        }
        heard = true;
        page.events.forEach(event => this.tell(event));
        this.begin(page, 'polling');
        // Many events in a row are told in pages, not one by one.
        await new Promise(resolve => setTimeout(resolve, this.times.pause / 4));
      } catch {
        break;
      }
    }
    return heard;
  }

  private begin(page: { readonly cursor: string; readonly reset: boolean }, connection: Connection): void {
    // A websocket tells the missed events next: until then the cursor stays where it was.
    if (page.reset || connection === 'polling') {
      this.cursor = page.cursor;
    }
    this.become(connection);
    if (page.reset) {
      this._reset.emit();
    }
  }

  private tell(event: ServerEvent): void {
    this.cursor = event.cursor;
    this._happened.emit(event);
  }

  private become(connection: Connection): void {
    if (connection !== this._connection && !this._isDisposed) {
      this._connection = connection;
      this._connectionChanged.emit(connection);
    }
  }

  private cursor: string | null = null;
  private socket: WebSocket | null = null;
  private socketAfter = 0;
  private _connection: Connection = 'connecting';
  private _isDisposed = false;
  private readonly _happened = new Signal<this, ServerEvent>(this);
  private readonly _reset = new Signal<this, void>(this);
  private readonly _connectionChanged = new Signal<this, Connection>(this);
}

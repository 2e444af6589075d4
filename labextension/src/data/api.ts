/** The REST API of daglab's server extension, typed by its OpenAPI document, and the one error that it raises. */

import { URLExt } from '@jupyterlab/coreutils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ServerConnection } from '@jupyterlab/services';
import type { paths } from './api.types';
import type { Fault } from '../model/asset';

type Method = 'get' | 'post' | 'patch' | 'delete';

/** The paths that take a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends { readonly [N in M]: { readonly responses: unknown } } ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends PathOf<M>> = paths[P][M];
type Json<C> = C extends { content: { readonly 'application/json': infer T } } ? T : never;

/** What a path answers where all is well. */
export type Answer<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { readonly responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : never;

/** What a path takes: its parameters in `path`, those behind the `?` in `query`, and its JSON in `body`. */
export type Input<M extends Method, P extends PathOf<M>> = Part<'path', PathPart<Operation<M, P>>> &
  Part<'query', QueryPart<Operation<M, P>>> &
  Part<'body', BodyPart<Operation<M, P>>>;

type PathPart<O> = O extends { readonly parameters: { readonly path: infer T } } ? T : never;
type QueryPart<O> = O extends { readonly parameters: { readonly query?: infer T } } ? T : never;
type BodyPart<O> = O extends { readonly requestBody: { content: { readonly 'application/json': infer T } } } ? T : never;
type Part<N extends string, T> = [T] extends [never]
  ? unknown
  : N extends 'query'
    ? { readonly [K in N]?: Exclude<T, undefined> }
    : { readonly [K in N]: T };

/** An error answer, or none at all; `code` is the server's, or `server-missing` or `network`. */
export class ApiError extends Error {
  constructor(readonly fault: Fault) {
    super(fault.message);
    this.name = 'ApiError';
  }
}

/** Whatever was thrown, in the one shape of errors. */
export function faultOf(error: unknown): Fault {
  return error instanceof ApiError ? error.fault : { code: 'unknown', message: String(error), remedy: '' };
}

/** An answer that was asked for with the tag of an earlier one; `null` says that this one still holds. */
export interface ITagged<T> {
  readonly answer: T | null;
  readonly etag: string | null;
}

interface IParts {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** Every method raises ApiError, and nothing else. */
export class Api {
  constructor(
    private readonly settings: ServerConnection.ISettings,
    private readonly trans: IRenderMime.TranslationBundle
  ) {}

  get<P extends PathOf<'get'>>(path: P, input: Input<'get', P>): Promise<Answer<'get', P>> {
    return this.request('get', path, input);
  }

  post<P extends PathOf<'post'>>(path: P, input: Input<'post', P>): Promise<Answer<'post', P>> {
    return this.request('post', path, input);
  }

  patch<P extends PathOf<'patch'>>(path: P, input: Input<'patch', P>): Promise<Answer<'patch', P>> {
    return this.request('patch', path, input);
  }

  delete<P extends PathOf<'delete'>>(path: P, input: Input<'delete', P>): Promise<Answer<'delete', P>> {
    return this.request('delete', path, input);
  }

  /** All assets, or word that those with this tag still are. */
  async assets(etag: string | null): Promise<ITagged<Answer<'get', '/assets'>>> {
    const response = await this.send('get', '/assets', {}, etag ? { 'If-None-Match': etag } : {});
    return response.status === 304
      ? { answer: null, etag }
      : { answer: (await answerIn(response)) as Answer<'get', '/assets'>, etag: response.headers.get('ETag') };
  }

  /** The page of an executed notebook: sanitised, and with a policy that lets nothing on it run. */
  async executedPage(run: string, asset: string): Promise<string> {
    const path = { run_id: run, asset };
    const response = await this.send('get', '/executed/{run_id}/{asset}', { path, query: { format: 'html' } });
    if (!response.ok) {
      await answerIn(response); // raises what it tells
    }
    return response.text();
  }

  /** Open a notebook in marimo; answers the address of its page, which is on this Jupyter server. */
  async openInMarimo(path: string): Promise<string> {
    const { url } = await this.post('/marimo', { body: { path } });
    const page = new URL(url, this.settings.baseUrl);
    if (page.origin !== new URL(this.settings.baseUrl).origin) {
      throw new ApiError({ code: 'origin', message: this.trans.__('The page is on another server.'), remedy: '' });
    }
    return page.href;
  }

  /** The websocket of events that come after a cursor. */
  eventSocket(since: string | null): WebSocket {
    const { wsUrl, token, appendToken, WebSocket } = this.settings;
    const query = { ...(since ? { since } : {}), ...(appendToken && token ? { token } : {}) };
    return new WebSocket(URLExt.join(wsUrl, 'daglab/api/events/socket') + URLExt.objectToQueryString(query));
  }

  private url(path: string, parts: IParts): string {
    return URLExt.join(this.settings.baseUrl, 'daglab/api', this.filled(path, parts.path ?? {})) + queryText(parts.query);
  }

  /** The path with its parameters, of which one may hold slashes. */
  private filled(path: string, values: Readonly<Record<string, string>>): string {
    return path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name] ?? '';
      const parts = value.split('/');
      if (parts.some(part => part === '.' || part === '..')) {
        // A browser would take it for another resource.
        throw new ApiError({ code: 'request', message: this.trans.__('%1 can’t be asked for.', value), remedy: '' });
      }
      return parts.map(encodeURIComponent).join('/');
    });
  }

  private async request<T>(method: Method, path: string, input: unknown): Promise<T> {
    return (await answerIn(await this.send(method, path, input as IParts))) as T;
  }

  private async send(method: Method, path: string, parts: IParts, headers: HeadersInit = {}): Promise<Response> {
    const { body } = parts;
    const url = this.url(path, parts);
    const init: RequestInit = { method: method.toUpperCase(), headers };
    if (body !== undefined) {
      init.headers = { ...headers, 'Content-Type': 'application/json' };
      init.body = JSON.stringify(body);
    }
    try {
      return await ServerConnection.makeRequest(url, init, this.settings);
    } catch (error) {
      throw new ApiError({ code: 'network', message: String(error), remedy: '' });
    }
  }
}

function queryText(query: Readonly<Record<string, unknown>> = {}): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) {
        text.append(name, String(one));
      }
    }
  }
  return text.size ? `?${text}` : '';
}

async function answerIn(response: Response): Promise<unknown> {
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) {
    return answer;
  }
  throw new ApiError(
    faultIn(answer) ?? {
      code: response.status === 404 ? 'server-missing' : `http-${response.status}`,
      message: `${response.status} ${response.statusText}`,
      remedy: ''
    }
  );
}

function faultIn(answer: unknown): Fault | null {
  const error = (answer as { error?: Partial<Fault> } | null)?.error;
  return typeof error?.code === 'string' && typeof error.message === 'string'
    ? { code: error.code, message: error.message, remedy: error.remedy ?? '' }
    : null;
}

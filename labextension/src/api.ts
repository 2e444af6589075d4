/** The REST API of daglab's server extension, and the one error that talking to it raises. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { IAsset, IFault, IRun, IStatus } from './model/asset';

/** An error answer, or none at all; `code` is the server's, or `server-missing` or `network`. */
export class ApiError extends Error {
  constructor(readonly fault: IFault) {
    super(fault.message);
    this.name = 'ApiError';
  }
}

export class Api {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  async status(): Promise<IStatus> {
    return this.request<IStatus>('status');
  }

  async assets(): Promise<readonly IAsset[]> {
    return (await this.request<{ assets: readonly IAsset[] }>('assets')).assets;
  }

  /** Launch a run; asked again with the same request id, the server answers the same run. */
  async launch(assets: readonly string[], requestId: string): Promise<IRun> {
    return this.request<IRun>('runs', { assets, request_id: requestId });
  }

  async run(id: string): Promise<IRun> {
    return this.request<IRun>(`runs/${encodeURIComponent(id)}`);
  }

  /** Open a notebook in marimo; answers the address of its page, which is on this Jupyter server. */
  async openInMarimo(path: string): Promise<string> {
    const { url } = await this.request<{ url: string }>('marimo', { path });
    const page = new URL(url, this.settings.baseUrl);
    if (page.origin !== new URL(this.settings.baseUrl).origin) {
      throw new ApiError({ code: 'origin', message: 'The page is on another server.', remedy: '' });
    }
    return page.href;
  }

  private async request<T>(path: string, body?: unknown): Promise<T> {
    const url = URLExt.join(this.settings.baseUrl, 'daglab/api', path);
    const json = { 'Content-Type': 'application/json' };
    const init: RequestInit = body === undefined ? {} : { method: 'POST', headers: json, body: JSON.stringify(body) };
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch (error) {
      throw new ApiError({ code: 'network', message: String(error), remedy: '' });
    }
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) {
      return answer as T;
    }
    throw new ApiError(
      faultIn(answer) ?? {
        code: response.status === 404 ? 'server-missing' : `http-${response.status}`,
        message: `${response.status} ${response.statusText}`,
        remedy: ''
      }
    );
  }
}

function faultIn(answer: unknown): IFault | null {
  const error = (answer as { error?: Partial<IFault> } | null)?.error;
  return typeof error?.code === 'string' && typeof error.message === 'string'
    ? { code: error.code, message: error.message, remedy: error.remedy ?? '' }
    : null;
}

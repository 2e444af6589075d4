import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';
import { Api } from '../src/data/api';
import { trans } from './make';

/** Stands for a language pack. */
const GERMAN = { ...trans, __: (text: string, ...values: string[]) => `de: ${trans.__(text, ...values)}` };

/** An Api whose server is `answer`, and the requests that came to it. */
function server(answer: (request: Request) => Response): { api: Api; asked: Request[] } {
  const asked: Request[] = [];
  const fetch = async (request: RequestInfo | URL): Promise<Response> => {
    asked.push(request as Request);
    return answer(request as Request);
  };
  const settings = { ...ServerConnection.makeSettings({ baseUrl: 'http://here/base/' }), fetch };
  return { api: new Api({ ...settings, init: {} }, GERMAN), asked };
}

const json = (value: unknown, init: ResponseInit = {}): Response => new Response(JSON.stringify(value), init);

describe('Api', () => {
  it('writes path, query and body', async () => {
    const { api, asked } = server(() => json({}));
    await api.get('/assets/{key}', { path: { key: 'sales/a b?' } });
    await api.get('/runs', { query: { status: ['FAILURE', 'CANCELED'], limit: 3, cursor: null } });
    await api.post('/runs', { body: { assets: ['a'] } });
    expect(asked.map(request => `${request.method} ${request.url}`)).toEqual([
      'GET http://here/base/daglab/api/assets/sales/a%20b%3F',
      'GET http://here/base/daglab/api/runs?status=FAILURE&status=CANCELED&limit=3',
      'POST http://here/base/daglab/api/runs'
    ]);
    expect(await asked[2]?.json()).toEqual({ assets: ['a'] });
    expect(asked[2]?.headers.get('Content-Type')).toBe('application/json');
  });

  it.each(['../../api/kernels', 'a/../b', '.'])('asks for nothing else than %j', async key => {
    const { api, asked } = server(() => json({}));
    const fault = { code: 'request', message: `de: ${key} can’t be asked for.` };
    await expect(api.get('/assets/{key}', { path: { key } })).rejects.toMatchObject({ fault });
    expect(asked).toEqual([]);
  });

  it('tells the server’s own error', async () => {
    const error = { code: 'not-found', message: 'No such asset.', remedy: 'look' };
    const { api } = server(() => json({ error }, { status: 404 }));
    await expect(api.get('/status', {})).rejects.toMatchObject({ fault: error });
  });

  it.each([
    [404, 'server-missing'],
    [502, 'http-502']
  ])('takes a page with status %i for %s', async (status, code) => {
    const { api } = server(() => new Response('<html>', { status }));
    await expect(api.get('/status', {})).rejects.toMatchObject({ fault: { code } });
  });

  it('tells a lost connection', async () => {
    const { api } = server(() => {
      throw new TypeError('Failed to fetch');
    });
    await expect(api.get('/status', {})).rejects.toMatchObject({ fault: { code: 'network' } });
  });

  it('asks for assets by the tag of the last answer', async () => {
    const { api, asked } = server(request =>
      request.headers.get('If-None-Match') === '"1"'
        ? new Response(null, { status: 304 })
        : json({ assets: [], total: 0, cursor: null }, { headers: { ETag: '"1"' } })
    );
    expect(await api.assets(null)).toEqual({ answer: { assets: [], total: 0, cursor: null }, etag: '"1"' });
    expect(await api.assets('"1"')).toEqual({ answer: null, etag: '"1"' });
    expect(asked).toHaveLength(2);
  });

  it.each(['//evil.example/', 'https://evil.example/x', '\\\\evil.example'])('opens no page %j', async url => {
    const { api } = server(() => json({ path: 'a.py', url }));
    await expect(api.openInMarimo('a.py')).rejects.toThrow('de: The page is on another server.');
  });
});

/** Stands between a page and its backend: answers some routes as the test says, for states that are hard to bring about. */
import type { Page, Route } from '@playwright/test';
import { ERRORS, type ErrorCode } from '../../../src/contract/errors.ts';
import { ROUTES, type RouteName } from '../../../src/contract/http/routes.ts';

type Answer =
  | { readonly status?: number; readonly body?: unknown }
  | { readonly code: ErrorCode; readonly facts?: Readonly<Record<string, unknown>> }
  | 'abort';
type Answerer = (body: unknown, address: URL) => Answer | Promise<Answer>;

export class FakeApi {
  readonly asked: { readonly route: RouteName; readonly body: unknown; readonly address: URL }[] = [];
  readonly #answers = new Map<RouteName, Answerer>();

  static async stand(page: Page): Promise<FakeApi> {
    const api = new FakeApi();
    await page.route(/\/v1\//, (route) => api.#take(route));
    return api;
  }

  /** What a route answers from now on. Routes that nothing was said about go to whoever serves the page. */
  on(route: RouteName, answer: Answer | Answerer): void {
    this.#answers.set(route, typeof answer === 'function' ? answer : () => answer);
  }

  bodies(route: RouteName): unknown[] {
    return this.asked.filter((one) => one.route === route).map(({ body }) => body);
  }

  async #take(route: Route): Promise<void> {
    const request = route.request();
    const address = new URL(request.url());
    const name = nameOf(request.method(), address.pathname);
    const answerer = name === null ? undefined : this.#answers.get(name);
    if (name === null || answerer === undefined) return route.fallback();
    const body: unknown = request.postData() === null ? undefined : request.postDataJSON();
    this.asked.push({ route: name, body, address });
    const answer = await answerer(body, address);
    try {
      await fulfill(route, answer);
    } catch {
      // The page has gone on meanwhile, and waits no more.
    }
  }
}

async function fulfill(route: Route, answer: Answer): Promise<void> {
  if (answer === 'abort') return route.abort();
  if (!('code' in answer)) {
    const status = answer.status ?? (answer.body === undefined ? 204 : 200);
    return answer.body === undefined ? route.fulfill({ status }) : route.fulfill({ status, json: answer.body });
  }
  const { status, title, remedy } = ERRORS[answer.code];
  const problem = {
    type: `urn:doorstep:error:${answer.code}`,
    title,
    status,
    code: answer.code,
    detail: remedy,
    facts: answer.facts ?? {},
    instance: 'urn:test',
  };
  return route.fulfill({ status: status === 0 ? 500 : status, contentType: 'application/problem+json', body: JSON.stringify(problem) });
}

function nameOf(method: string, path: string): RouteName | null {
  const found = Object.entries(ROUTES).find(
    ([, route]) => route.method === method && new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path),
  );
  return found === undefined ? null : (found[0] as RouteName);
}

// Questions to the agent. A token that it asks for stays in this tab.

export class NeedsToken extends Error {}

export async function ask(path) {
  const headers = {};
  const token = sessionStorage.getItem("levada-token");
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(8000) });
  if (answer.status === 401) throw new NeedsToken();
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export function keepToken(token) {
  sessionStorage.setItem("levada-token", token);
}

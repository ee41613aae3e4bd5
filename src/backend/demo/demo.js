// Asks until the request has ended, then loads the page that says how.
const waiting = document.querySelector('#wait');
const id = waiting?.getAttribute('data-challenge');

async function ended() {
  const response = await fetch(`/vpn/${id}/state`);
  if (!response.ok) return true;
  const { state } = await response.json();
  return state !== 'pending';
}

async function watch() {
  try {
    while (!(await ended()));
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
  location.reload();
}

if (id) watch();

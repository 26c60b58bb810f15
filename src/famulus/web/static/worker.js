// Runs while no page is open: shows what the server pushes, and opens what it is about.
const HOME = new URL("../", self.location.href).href;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(show(said(event.data))));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.link));
});

function said(data) {
  try {
    return data.json();
  } catch {
    // A browser takes the right to push from those who show nothing.
    return { title: "Famulus", body: data?.text() ?? "" };
  }
}

const show = ({ id, title, body, link, urgent }) =>
  self.registration.showNotification(title || "Famulus", {
    // The same message, pushed again because its first answer was lost, takes the place of the first.
    body, tag: id, requireInteraction: urgent === true, icon: `${HOME}static/favicon.svg`, data: { link },
  });

async function open(link) {
  if (link) return self.clients.openWindow(link);
  const [page] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return page ? page.focus() : self.clients.openWindow(`${HOME}#/notifications`);
}

// A classic script, run before the page is drawn: nobody who likes the dark is met by a flash of white.
try {
  const theme = JSON.parse(localStorage.getItem("famulus.likes.theme"));
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's choice holds.
}

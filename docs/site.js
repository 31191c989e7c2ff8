// What the theme makes in the browser, for those who use a keyboard or hear the page: tables that
// scroll can be reached, and the buttons beside code are no landmarks.
function mend() {
  for (const part of document.querySelectorAll('.md-typeset__scrollwrap')) part.tabIndex = 0;
  for (const part of document.querySelectorAll('.md-code__nav')) part.setAttribute('role', 'none');
}
new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
mend();

// Which elements of a scroller are near enough to be seen soon.

const MARGIN = "1600px 0px";

export class Nearby {
  #observer = null;
  #told = new Map();

  /** Tells `tell(true)` and `tell(false)` as the element comes near and goes; returns the end of it. */
  watch(element, tell) {
    this.#observer ??= new IntersectionObserver((entries) => this.#seen(entries), {
      root: element.closest(".scroller"),
      rootMargin: MARGIN,
    });
    this.#told.set(element, tell);
    this.#observer.observe(element);
    return () => {
      this.#told.delete(element);
      this.#observer.unobserve(element);
    };
  }

  #seen(entries) {
    // What has the focus, or a part of the selection, stays as it is.
    const held = [document.activeElement, document.getSelection()?.anchorNode];
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting || !held.some((node) => node && target.contains(node))) this.#told.get(target)?.(isIntersecting);
    }
  }
}

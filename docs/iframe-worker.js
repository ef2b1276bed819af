// Browsers start no workers for pages that were opened from disk; the search is one. Here its
// script runs in a hidden frame instead, which sends and receives the same messages.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.onmessage = null
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      document.body.append(this.frame)
      addEventListener("message", event => {
        if (event.source !== this.frame.contentWindow) return
        const copy = new MessageEvent("message", { data: event.data })
        this.dispatchEvent(copy)
        this.onmessage?.(copy)
      })
      this.ready = new Promise(resolve => { this.frame.onload = resolve })
      this.frame.contentDocument.open()
      this.frame.contentDocument.write(
        "<script>postMessage = data => parent.postMessage(data, '*')</script>" +
        `<script src="${url}"></script>`,
      )
      this.frame.contentDocument.close()
    }

    postMessage(data) {
      const send = () => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }))
      this.ready.then(send)
    }

    terminate() { this.frame.remove() }
  }
}

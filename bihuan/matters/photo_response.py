"""Send a photo that somebody may see; the caller has asked whether they may."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified

from bihuan.matters import blobs
from bihuan.matters.models import Attachment

AGE_SECONDS = 7 * 86400  # a name holds the digest of its content, so it never changes


def photo_response(
    request: HttpRequest, attachment: Attachment, *, thumb: bool = False
) -> HttpResponse:
    """Return the picture or its thumbnail as a private answer that browsers never guess about.

    For the desk and for a reporter's own page alike. Raises Http404 when the file is gone.
    """
    name = blobs.checked(attachment.thumb if thumb else attachment.name)
    tag = f'"{name.rsplit("/", 1)[1].split(".", 1)[0][:32]}"'
    answer: HttpResponse
    if request.headers.get("If-None-Match") == tag:
        answer = HttpResponseNotModified()
    else:
        try:
            data = blobs.read(name)  # half a megabyte at most
        except FileNotFoundError as error:
            raise Http404(name) from error
        answer = HttpResponse(data, content_type="image/jpeg")
        answer["Content-Disposition"] = f'inline; filename="{attachment.pk}.jpg"'
    answer["X-Content-Type-Options"] = "nosniff"
    # a browser lays a lone picture out with styles of its own
    answer["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    answer["Cache-Control"] = f"private, max-age={AGE_SECONDS}"
    answer["ETag"] = tag
    return answer

"""Sound that comes in pieces, as overlapping windows for a Fourier transform."""

from __future__ import annotations

import numpy as np

from tenuto.media.music import Sound


class Windows:
    """Cuts what it is given into windows of `size` samples, one each `hop`."""

    def __init__(self, size: int, hop: int) -> None:
        self.size, self.hop = size, hop
        self._rest = np.zeros(0, np.float32)
        self._shape = np.hanning(size + 2)[1:-1].astype(np.float32)

    def spectra(self, sound: Sound) -> Sound:
        """The magnitudes of the windows that `sound` completes, a row each; what is left over waits for more."""
        heard = np.concatenate([self._rest, sound])
        count = max(0, (heard.size - self.size) // self.hop + 1)
        self._rest = heard[count * self.hop :]
        if not count:
            return np.zeros((0, self.size // 2 + 1), np.float32)
        cut = np.lib.stride_tricks.sliding_window_view(heard, self.size)[:: self.hop][:count]
        return np.abs(np.fft.rfft(cut * self._shape, axis=1)).astype(np.float32)


def window_size(rate: int, seconds: float) -> int:
    """The power of two that is nearest to so many seconds."""
    return int(2 ** round(np.log2(rate * seconds)))

import torch
import torch.nn.functional as F
# embcat: (n, E); W1: (E, H); b1: (H,); W2: (H, V); b2: (V,)
n = embcat.shape[0]
hpreact = embcat @ W1 + b1
h = torch.tanh(hpreact)
logits = h @ W2 + b2
loss = F.cross_entropy(logits, Yb)

dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] -= 1
dlogits /= n
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dW1 = embcat.T @ dhpreact
db1 = dhpreact.sum(0)

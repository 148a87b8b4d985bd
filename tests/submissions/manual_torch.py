import torch
from jaxtyping import Float
from torch import Tensor

class TwoLayer:
    def __init__(self, D, H, C):
        self.W1 = torch.randn(D, H)
        self.b1 = torch.zeros(H)
        self.W2 = torch.randn(H, C)
        self.b2 = torch.zeros(C)

    def forward(self, x: Float[Tensor, "N D"]):
        # W1: (D, H), b1: (H,), W2: (H, C), b2: (C,)
        self.x = x
        self.h = x @ self.W1 + self.b1
        self.a = torch.relu(self.h)
        self.out = self.a @ self.W2 + self.b2
        return self.out

    def backward(self, grad_out):
        self.W2.grad = self.a.T @ grad_out
        self.b2.grad = grad_out.sum(dim=0)
        grad_a = grad_out @ self.W2.T
        grad_h = grad_a * (self.h > 0).float()
        self.W1.grad = self.x.T @ grad_h
        self.b1.grad = grad_h.mean(dim=0)
        return grad_h @ self.W1.T
